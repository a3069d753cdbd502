import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, describe, expect, test } from 'vitest'
import { rootFolder } from './program.ts'
import { verbs } from './verbs.ts'

const nowhere = ['--instance', 'never-started', '--port-offset', '9900']

/** What a verb does without servers, and its exit code when somebody reads all of its output. */
type Case = readonly [code: 0 | 1 | 2, ...args: string[]]

const cases: Readonly<Record<string, Case>> = {
  start: [2, '--unheard'],
  stack: [1, 'status', ...nowhere],
  contracts: [0, 'generate', '--check'],
  jobs: [2, 'list', ...nowhere],
  lake: [2, 'tables', ...nowhere],
  'read-model': [2, 'unheard'],
  cdc: [2, 'status', ...nowhere],
  secrets: [2, 'list', ...nowhere],
  rights: [2, 'unused', ...nowhere],
  dlq: [0, '--help'],
  runbook: [0, '--list'],
  oncall: [2, 'captures', ...nowhere],
  trace: [2, 'no-order', ...nowhere],
  'assert:trace': [2, ...nowhere],
  check: [2, '--unheard'],
  test: [2, '--unheard'],
  'test:full': [2, '--only', 'no such proof'],
  reconcile: [2, ...nowhere],
  prove: [0, '--help'],
  bench: [2, 'unheard'],
  load: [2, ...nowhere],
  bom: [2, 'unheard'],
}

test('every verb has a case', () => {
  expect(Object.keys(cases).toSorted()).toEqual([...verbs.keys()].toSorted())
})

type Stream = 'stdout' | 'stderr'

/** Runs a file, and closes the reader of one stream after its first bytes, or at once. */
async function run(
  file: string,
  args: readonly string[],
  { closed, after }: { readonly closed: readonly Stream[]; readonly after: 'bytes' | 'nothing' },
) {
  const child = spawn(process.execPath, [file, ...args], {
    cwd: rootFolder,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
  })
  for (const name of closed) {
    if (after === 'nothing') child[name].destroy()
    else child[name].once('data', () => child[name].destroy())
  }
  const open = (['stdout', 'stderr'] as const).filter((name) => !closed.includes(name))
  const [said, [code]] = await Promise.all([
    Promise.all(open.map((name) => text(child[name]))),
    once(child, 'exit'),
  ])
  return { code, said: said.join('') }
}

test.each([...verbs])(
  'npm run %s keeps its exit code when nobody reads after the first bytes',
  async (verb, file) => {
    const [code, ...args] = cases[verb] ?? [0, '--help']
    const closed = ['stdout', 'stderr'] as const
    expect(await run(file, args, { closed, after: 'bytes' })).toEqual({ code, said: '' })
  },
  120_000,
)

test.each([
  ['stdout', 'contracts/src/main.ts', ['--help'], 0],
  ['stderr', 'contracts/src/main.ts', ['unheard'], 2],
] as const)(
  'a reader of %s that was never there',
  async (stream, file, args, code) => {
    const ended = await run(file, args, { closed: [stream], after: 'nothing' })
    expect(ended).toEqual({ code, said: '' })
  },
  60_000,
)

describe('a program that a verb runs and shows', { timeout: 60_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'ten-seams-gone-readers-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const moduleOf = (path: string) => JSON.stringify(join(rootFolder, path))

  test('ends as it would when our own reader is gone', async () => {
    const [shown, verb] = [join(folder, 'shown.mjs'), join(folder, 'verb.mjs')]
    writeFileSync(
      shown,
      `for (let line = 0; line < 300; line++) {
        process.stdout.write('line\\n')
        await new Promise(setImmediate)
      }`,
    )
    writeFileSync(
      verb,
      `import { runVerb } from ${moduleOf('packages/cli/src/run-verb.ts')}
      import { runProgram } from ${moduleOf('test/runner/program.ts')}
      await runVerb(async () => {
        const program = { file: ${JSON.stringify(shown)}, parameters: [], timeoutMs: 20_000 }
        const { ok, reason } = await runProgram({ ...program, shown: true })
        process.stderr.write(reason)
        return ok ? 0 : 1
      }, 'help')`,
    )
    expect(await run(verb, [], { closed: ['stdout'], after: 'bytes' })).toEqual({
      code: 0,
      said: '',
    })
  })
})
