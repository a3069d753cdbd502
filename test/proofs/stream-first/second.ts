import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { host } from '@tenseams/cli/ports'
import { madeEnvironment } from '@tenseams/local/launcher/host/environment'
import { answersOk } from '@tenseams/local/launcher/host/probe'
import { eventually } from '@tenseams/local/launcher/host/wait'
import { componentOf, type Stack } from '@tenseams/local/launcher/supervise/stack'

export type Second = { readonly url: string; close(): Promise<void> }

const READY_MS = 60_000
const STOP_MS = 20_000

/** A second process of a service, beside the one of the stack, whose clock is three seconds behind. */
export async function startBehind({ context }: Stack, name: string): Promise<Second> {
  const { file, arguments: given, environment = {} } = await componentOf(name).command(context)
  // Of a part that no claim starts.
  const port = context.ports.pager
  const clock = join(context.paths.root, 'test', 'faults', 'clock', 'behind.ts')
  const child = spawn(file, ['--import', clock, ...given], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...madeEnvironment(),
      ...{ ...environment, PORT: String(port), LOG_LEVEL: 'warn' },
      AUDIT_FILE: join(context.paths.audit, `${name}-behind.log`),
    },
  })
  const exited = once(child, 'exit')
  const url = `http://${host}:${port}`
  const close = async (): Promise<void> => {
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
    child.kill('SIGTERM')
    await exited
    clearTimeout(timer)
  }
  try {
    const isReady = () => answersOk(`${url}/health/ready`)
    await eventually(isReady, { timeoutMs: READY_MS, what: `a second ${name}`, intervalMs: 200 })
    return { url, close }
  } catch (error) {
    await close()
    throw error
  }
}
