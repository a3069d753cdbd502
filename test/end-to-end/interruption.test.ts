import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { projectRoot } from '@tenseams/cli/instance'
import { pathsOf } from '@tenseams/local/launcher/host/paths'
import { eventually } from '@tenseams/local/launcher/host/wait'
import { readRecord } from '@tenseams/local/launcher/supervise/run-record'
import { afterAll, expect, test } from 'vitest'
import { announced } from '../runner/instances/instance.ts'
import { leftoversOf } from '../runner/instances/leftovers.ts'
import { answerForChildren, killBelow } from '../runner/instances/owners.ts'
import { reportFolderVariable } from '../runner/report-folder.ts'

const folder = mkdtempSync(join(tmpdir(), 'ten-seams-interruption-'))
afterAll(() => {
  killBelow(answerForChildren())
  rmSync(folder, { recursive: true, force: true })
})

/** An interrupted program and all that it has started end within this, also on a machine that is three times slower. */
const END_MS = 30_000

/** A program of ours, and what it announces. */
class Program {
  readonly child: ChildProcess
  readonly #folder: string

  constructor(file: string, ...parameters: string[]) {
    this.#folder = mkdtempSync(join(folder, 'run-'))
    this.child = spawn(process.execPath, [join(projectRoot, file), ...parameters], {
      cwd: projectRoot,
      env: { ...process.env, [reportFolderVariable]: this.#folder },
      stdio: 'ignore',
    })
  }

  get instance() {
    const [instance] = announced(this.#folder)
    if (instance === undefined) throw new Error('no instance is announced')
    return instance
  }

  async postgresIs(phase: 'starting' | 'ready'): Promise<void> {
    const isIt = () => {
      const record = readRecord(pathsOf(projectRoot, this.instance.instance), 'postgres')
      return record?.phase === phase || record?.phase === 'ready'
    }
    await eventually(isIt, { timeoutMs: 90_000, what: `Postgres to be ${phase}`, intervalMs: 20 })
  }

  async ends(timeoutMs = END_MS): Promise<void> {
    const { child } = this
    if (child.exitCode !== null || child.signalCode !== null) return
    await once(child, 'exit', { signal: AbortSignal.timeout(timeoutMs) })
  }

  async leavesNothing(): Promise<void> {
    const isClean = () => leftoversOf(this.instance).length === 0
    await eventually(isClean, { timeoutMs: END_MS, what: 'nothing to be left' })
  }
}

test.each([
  { signal: 'SIGINT', phase: 'starting' },
  { signal: 'SIGTERM', phase: 'ready' },
  { signal: 'SIGKILL', phase: 'ready' },
] as const)(
  'a proof that gets $signal while its Postgres is $phase ends, and leaves nothing',
  async ({ signal, phase }) => {
    const proof = new Program('test/proofs/main.ts', 'position')
    await proof.postgresIs(phase)
    proof.child.kill(signal)
    await proof.ends()
    expect(proof.child.signalCode).toBe(signal)
    await proof.leavesNothing()
  },
  180_000,
)

test('a test that runs out of time leaves nothing of its own stack', async () => {
  const parameters = ['run', '--config', 'test/runner/instances/hanging/hanging.config.ts']
  const run = new Program('node_modules/vitest/vitest.mjs', ...parameters)
  await run.ends(180_000)
  expect(run.child.exitCode, 'the test failed').toBe(1)
  await run.leavesNothing()
}, 300_000)
