import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '@tenseams/cli/instance'
import { pathsOf } from '@tenseams/local/launcher/host/paths'
import { readStat } from '@tenseams/local/launcher/host/procfs'
import { eventually } from '@tenseams/local/launcher/host/wait'
import { afterEach, expect, test } from 'vitest'
import { answerForChildren, killBelow } from './owners.ts'

const self = answerForChildren()
afterEach(() => killBelow(self))

const folder = join(import.meta.dirname, 'hanging')

type Told = { readonly instance: string; readonly pids: readonly number[] }

async function started(file: string): Promise<{ child: ChildProcess; told: Told }> {
  const child = spawn(process.execPath, [join(folder, file)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(() => expect.fail(`${file} has ended`)),
  ])
  return { child, told: JSON.parse(String(line)) as Told }
}

async function leavesNothing({ instance, pids }: Told): Promise<void> {
  const left = () => [
    ...pids.filter((pid) => readStat(pid) !== undefined),
    ...[pathsOf(projectRoot, instance).state].filter((folder) => existsSync(folder)),
  ]
  await eventually(() => left().length === 0, { timeoutMs: 60_000, what: 'nothing to be left' })
}

test.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)(
  'a process that is ended by %s leaves nothing of its instance',
  async (signal) => {
    const { child, told } = await started('guarded.ts')
    expect(told.pids.map((pid) => readStat(pid))).not.toContain(undefined)
    child.kill(signal)
    await leavesNothing(told)
  },
  120_000,
)

test('the instance of a process whose owner was killed goes, and the process with it', async () => {
  const { child, told } = await started('owner.ts')
  child.kill('SIGKILL')
  await leavesNothing(told)
}, 120_000)
