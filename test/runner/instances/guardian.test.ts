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

const urlOf = (file: string) => JSON.stringify(join(projectRoot, file))
const launcher = 'deploy/local/src/launcher'

/** Guards an instance whose one component is a process that sleeps, and has a child that belongs to no instance. */
const guarded = `
import { spawn } from 'node:child_process'
import { guard } from ${urlOf('test/runner/instances/guardian.ts')}
import { pathsOf, projectRoot } from ${urlOf(`${launcher}/host/paths.ts`)}
import { identify } from ${urlOf(`${launcher}/host/procfs.ts`)}
import { writeRecord } from ${urlOf(`${launcher}/supervise/run-record.ts`)}
const instance = 'test-' + process.pid
guard({ instance, portOffset: 10_000 })
const { PATH } = process.env
const component = spawn('sleep', ['600'], { detached: true, stdio: 'ignore', env: { PATH } })
const record = { identity: identify(component.pid), phase: 'ready', startedAt: 0 }
writeRecord(pathsOf(projectRoot, instance), 'orders', record)
const child = spawn('sleep', ['600'], { stdio: 'ignore' })
console.log(JSON.stringify({ instance, pids: [process.pid, component.pid, child.pid] }))
setInterval(() => undefined, 1_000)
`

/** Starts that program in a process of its own, which answers for it. */
const owner = `
import { spawn } from 'node:child_process'
import { answerForChildren } from ${urlOf('test/runner/instances/owners.ts')}
answerForChildren()
spawn(process.execPath, ['--input-type=module', '-e', ${JSON.stringify(guarded)}], { stdio: 'inherit' })
`

type Told = { readonly instance: string; readonly pids: readonly number[] }

async function started(program: string): Promise<{ child: ChildProcess; told: Told }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: projectRoot,
  })
  if (child.stdout === null) throw new Error('no output')
  const [line] = await once(child.stdout, 'data')
  return { child, told: JSON.parse(String(line)) as Told }
}

async function leavesNothing({ instance, pids }: Told): Promise<void> {
  const left = () => [
    ...pids.filter((pid) => readStat(pid) !== undefined),
    ...[pathsOf(projectRoot, instance).state].filter((folder) => existsSync(folder)),
  ]
  await eventually(() => left().length === 0, { timeoutMs: 20_000, what: 'nothing to be left' })
}

test.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)(
  'a process that is ended by %s leaves nothing of its instance',
  async (signal) => {
    const { child, told } = await started(guarded)
    expect(told.pids.map((pid) => readStat(pid))).not.toContain(undefined)
    child.kill(signal)
    await leavesNothing(told)
  },
  40_000,
)

test('the instance of a process whose owner was killed goes, and the process with it', async () => {
  const { child, told } = await started(owner)
  child.kill('SIGKILL')
  await leavesNothing(told)
}, 40_000)
