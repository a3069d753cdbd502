import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { readArguments, refuseMore } from '@tenseams/cli/arguments'
import { UsageError } from '@tenseams/cli/errors'
import { type ExitCode, exitCodes } from '@tenseams/cli/exit-codes'
import { interruptible } from '@tenseams/cli/interruption'
import { runVerb } from '@tenseams/cli/run-verb'
import { cdc } from '../proofs/cdc.ts'
import { breaks } from '../proofs/eos/broken.ts'
import { guards } from '../proofs/lake/faulty-catalog.ts'
import { late } from '../proofs/late.ts'
import { medallion } from '../proofs/medallion.ts'
import { rescale } from '../proofs/rescale.ts'
import { fullRoundsVariable } from '../support/rounds.ts'
import { answerForChildren, killBelow } from './instances/owners.ts'
import { onlyInFull } from './order.ts'
import { rootFolder, runProgram } from './program.ts'
import { outcomeOf, withResults } from './results.ts'

type LongProof = {
  /** Behind `npm run prove --`. */
  readonly claim: string
  /** 0 when it is to hold, 1 when a guard is off and it is to be refuted. */
  readonly code: 0 | 1
  /** What its output must name, if it must. */
  readonly says?: string | undefined
}

/** The anomalies by which guards of `eos` are known to be off. */
const anomalies: Readonly<Record<string, string>> = {
  'auto-commit': 'BROKEN       I14: payments',
  'read-uncommitted': 'BROKEN       I2',
  'no-inbox': 'BROKEN       I3:',
  'dedupe-by-offset': 'BROKEN       I3:',
  'no-idempotency-key': 'BROKEN       I3.capture',
  'no-transaction': 'BROKEN       I3.shipment',
}

const proofs: readonly LongProof[] = [
  ...[1, 2, 3, 4, 5].map((seed) => ({ claim: `eos --kills 20 --seed ${seed}`, code: 0 as const })),
  { claim: 'eos --provoke=all', code: 0 },
  ...Object.keys(breaks).map((guard) => ({
    claim: `eos --break=${guard}`,
    code: 1 as const,
    says: anomalies[guard],
  })),
  { claim: 'keys', code: 0, says: 'keys: holds' },
  { claim: 'keys --break=random-key', code: 1, says: 'BROKEN   I7 an order is in one partition' },
  { claim: 'keys --break=customer-key', code: 1, says: 'BROKEN   I6 versions are contiguous' },
  { claim: 'stream-first', code: 0, says: 'stream-first: holds' },
  { claim: 'stream-first --break=polling', code: 1, says: 'BROKEN   position missed changes' },
  ...[1, 2].map((seed) => ({ claim: `late --seed ${seed}`, code: 0 as const })),
  ...Object.keys(late.breaks).map((guard) => ({
    claim: `late --break=${guard}`,
    code: 1 as const,
  })),
  ...[1, 2].map((seed) => ({ claim: `cdc --kills 3 --seed ${seed}`, code: 0 as const })),
  { claim: 'cdc --kills 3 --debezium 2', code: 0 },
  ...Object.keys(cdc.breaks).map((guard) => ({ claim: `cdc --break=${guard}`, code: 1 as const })),
  ...[1, 2, 3].map((seed) => ({ claim: `lake --kills 20 --seed ${seed}`, code: 0 as const })),
  { claim: 'lake --provoke=all', code: 0 },
  ...guards.map((guard) => ({ claim: `lake --break=${guard}`, code: 1 as const })),
  ...[1, 2].map((seed) => ({ claim: `medallion --kills 12 --seed ${seed}`, code: 0 as const })),
  ...Object.keys(medallion.breaks).map((guard) => ({
    claim: `medallion --break=${guard}`,
    code: 1 as const,
  })),
  { claim: 'rescale --seed 1', code: 0 },
  ...Object.keys(rescale.breaks).map((guard) => ({
    claim: `rescale --break=${guard} --orders 4000`,
    code: 1 as const,
  })),
]

type FileRun = { readonly suite: string; readonly files: readonly string[] }

/** The files that `npm test` leaves out, and those that it repeats fewer times. */
const fileRuns: readonly FileRun[] = [
  { suite: 'unit', files: ['test/simulation/simulation.test.ts'] },
  { suite: 'proofs', files: onlyInFull.ownInstance },
  {
    suite: 'integration',
    files: [
      'test/end-to-end/fuzz.test.ts',
      'test/seams/07-lakehouse/conformance-pyiceberg.test.ts',
      ...onlyInFull.shared,
    ],
  },
]

const usage = `npm run test:full [-- --only <text>]

Runs every long proof, one after another, then the tests that \`npm test\` leaves out or repeats fewer times:
${fileRuns.map(({ files }) => files.join(', ')).join(', ')}
Writes each result to docs/proofs.md as soon as it is there. About an hour and three quarters on two cores.

${proofs.map(({ claim }) => `  npm run prove -- ${claim}`).join('\n')}

  --only <text>   the proofs whose command contains the text; no tests

Exit codes: 0 all as expected, 1 one was not, 2 unknown option, or no proof was chosen.`

const LONGEST_MS = 3_600_000
const document = join(rootFolder, 'docs', 'proofs.md')

async function testFull(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = readArguments(args, { only: { type: 'string' } })
  refuseMore(positionals)
  const chosen = proofs.filter(({ claim }) => claim.includes(values.only ?? ''))
  if (chosen.length === 0) throw new UsageError(`no proof contains "${values.only}"`)
  return await runAll(chosen, values.only === undefined)
}

async function runAll(chosen: readonly LongProof[], withFiles: boolean): Promise<ExitCode> {
  const self = answerForChildren()
  const stopping = interruptible()
  let failed = 0
  for (const [at, proof] of chosen.entries()) {
    if (stopping.aborted) break
    console.log(`${at + 1} of ${chosen.length}: npm run prove -- ${proof.claim}`)
    if (!(await runOne(proof, stopping))) failed += 1
    killBelow(self)
  }
  for (const run of withFiles ? fileRuns : []) {
    if (stopping.aborted) break
    if (!(await runFiles(run, stopping))) failed += 1
    killBelow(self)
  }
  console.log(failed === 0 ? 'all as expected' : `${failed} not as expected`)
  return failed === 0 && !stopping.aborted ? exitCodes.holds : exitCodes.refuted
}

async function runOne(
  { claim, code, says = '' }: LongProof,
  signal: AbortSignal,
): Promise<boolean> {
  const { output, reason, durationMs } = await runProgram({
    file: 'test/proofs/main.ts',
    parameters: claim.split(' '),
    timeoutMs: LONGEST_MS,
    signal,
  })
  // An interrupted one has no result, and the last one stays.
  if (signal.aborted) return false
  const outcome = outcomeOf(output)
  const took = keepResult(`npm run prove -- ${claim}`, outcome, durationMs)
  const isExpected = reason === (code === 0 ? '' : `exit code ${code}`) && output.includes(says)
  console.log(`  ${isExpected ? 'ok' : 'FAILED'}  ${took}  ${outcome}`)
  if (!isExpected) console.log(output.trimEnd().replaceAll(/^/gm, '    '))
  return isExpected
}

/** The tests' own output shows how far they are. */
async function runFiles({ suite, files }: FileRun, signal: AbortSignal): Promise<boolean> {
  console.log(`in full number: ${files.join(', ')}`)
  const { ok, reason, durationMs } = await runProgram({
    file: 'node_modules/vitest/vitest.mjs',
    parameters: ['run', '--config', `test/runner/${suite}.config.ts`, ...files],
    environment: { [fullRoundsVariable]: '1' },
    timeoutMs: LONGEST_MS,
    shown: true,
    signal,
  })
  if (!ok) console.log(`  FAILED  ${reason}`)
  if (!signal.aborted) keepResult(rowOfFiles(suite, files), ok ? 'passed' : 'failed', durationMs)
  return ok
}

/** Such as `npm run test:full, unit: simulation`. */
function rowOfFiles(suite: string, files: readonly string[]): string {
  return `npm run test:full, ${suite}: ${files.map((file) => basename(file, '.test.ts')).join(', ')}`
}

/** Writes a row into docs/proofs.md, and returns how long it took, for people. */
function keepResult(proof: string, outcome: string, durationMs: number): string {
  const took = `${Math.round(durationMs / 6_000) / 10} min`
  const date = new Date().toISOString().slice(0, 10)
  const result = { proof, outcome, took, commit: commitNow(), date }
  writeFileSync(document, withResults(readFileSync(document, 'utf8'), [result]))
  return took
}

/** With a plus when something is not committed. The results themselves are no change. */
function commitNow(): string {
  const git = (...words: string[]) =>
    execFileSync('git', words, { cwd: rootFolder, encoding: 'utf8', timeout: 30_000 }).trim()
  const changes = git('status', '--porcelain', '--', '.', ':!docs/proofs.md')
  return git('rev-parse', '--short', 'HEAD') + (changes === '' ? '' : '+')
}

await runVerb(testFull, usage)
