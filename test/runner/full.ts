import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
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
import { answerForChildren, killBelow } from './owners.ts'
import { rootFolder, runProgram } from './program.ts'
import { outcomeOf, withResults } from './results.ts'

type LongProof = {
  /** Behind `npm run prove --`. */
  readonly claim: string
  /** 0 when it is to hold, 1 when a guard is off and it is to be refuted. */
  readonly code: 0 | 1
}

const proofs: readonly LongProof[] = [
  ...[1, 2, 3, 4, 5].map((seed) => ({ claim: `eos --kills 20 --seed ${seed}`, code: 0 as const })),
  { claim: 'eos --provoke=all', code: 0 },
  ...Object.keys(breaks).map((guard) => ({ claim: `eos --break=${guard}`, code: 1 as const })),
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

const usage = `npm run test:full [-- --only <text>]

Every long proof, one after another, and what came of each into docs/proofs.md as soon as it is over. About an hour and a half on
two cores. What is short is in \`npm test\`.

${proofs.map(({ claim }) => `  npm run prove -- ${claim}`).join('\n')}

  --only <text>   those whose command contains the text

Exit codes: 0 each came out as it must, 1 one did not, 2 unknown option, or no proof was chosen.`

const LONGEST_MS = 3_600_000
const document = join(rootFolder, 'docs', 'proofs.md')

async function testFull(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = readArguments(args, { only: { type: 'string' } })
  refuseMore(positionals)
  const chosen = proofs.filter(({ claim }) => claim.includes(values.only ?? ''))
  if (chosen.length === 0) throw new UsageError(`no proof contains "${values.only}"`)
  return await runAll(chosen)
}

async function runAll(chosen: readonly LongProof[]): Promise<ExitCode> {
  const self = answerForChildren()
  const stopping = interruptible()
  let failed = 0
  for (const [at, proof] of chosen.entries()) {
    if (stopping.aborted) break
    console.log(`${at + 1} of ${chosen.length}: npm run prove -- ${proof.claim}`)
    const isAsItMust = await runOne(proof, stopping)
    if (!isAsItMust) failed += 1
    killBelow(self)
  }
  console.log(failed === 0 ? 'each came out as it must' : `${failed} did not come out as they must`)
  return failed === 0 && !stopping.aborted ? exitCodes.holds : exitCodes.refuted
}

async function runOne({ claim, code }: LongProof, signal: AbortSignal): Promise<boolean> {
  const { output, reason, durationMs } = await runProgram({
    file: 'test/proofs/main.ts',
    parameters: claim.split(' '),
    timeoutMs: LONGEST_MS,
    signal,
  })
  // One that was interrupted has come to nothing, and the last result stays.
  if (signal.aborted) return false
  const outcome = outcomeOf(output)
  const result = {
    ...{ proof: `npm run prove -- ${claim}`, outcome, commit: commitNow() },
    took: `${Math.round(durationMs / 6_000) / 10} min`,
    date: new Date().toISOString().slice(0, 10),
  }
  writeFileSync(document, withResults(readFileSync(document, 'utf8'), [result]))
  const isAsItMust = reason === (code === 0 ? '' : `exit code ${code}`)
  console.log(`  ${isAsItMust ? 'ok' : 'FAILED'}  ${result.took}  ${outcome}`)
  if (!isAsItMust) console.log(output.trimEnd().replaceAll(/^/gm, '    '))
  return isAsItMust
}

/** With a plus when something is not committed. The results themselves are no change. */
function commitNow(): string {
  const git = (...words: string[]) =>
    execFileSync('git', words, { cwd: rootFolder, encoding: 'utf8', timeout: 30_000 }).trim()
  const changes = git('status', '--porcelain', '--', '.', ':!docs/proofs.md')
  return git('rev-parse', '--short', 'HEAD') + (changes === '' ? '' : '+')
}

await runVerb(testFull, usage)
