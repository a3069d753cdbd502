import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readArguments, refuseMore } from '@tenseams/cli/arguments'
import { UsageError } from '@tenseams/cli/errors'
import { type ExitCode, exitCodes } from '@tenseams/cli/exit-codes'
import { interruptible } from '@tenseams/cli/interruption'
import { runVerb } from '@tenseams/cli/run-verb'
import { messageOf } from '@tenseams/service/causes'
import { runChecks, staticChecks } from './checks.ts'
import { readDurations, slowestLines } from './durations.ts'
import { endLeftovers } from './instances/leftovers.ts'
import { answerForChildren } from './instances/owners.ts'
import { ownInstance } from './order.ts'
import { rootFolder, runProgram } from './program.ts'
import { reportFolderVariable } from './report-folder.ts'
import { reportFile } from './reporters.ts'
import { pathsOfSeam, seams } from './seams.ts'
import { addTallies, closingLine, none, type Tally, tallySuite } from './tally.ts'

const usage = `npm test [-- --unit] [-- --seam <n>]

Static checks, then the unit suite, then the proofs, each on an instance of its own, then the integration suite on a
stack that is started for it, on ports and data of its own. All of it is gone at the end. It names the ten slowest
files, and the last line counts the tests: "N passed, N failed".

  --unit       only the checks and the unit suite
  --seam <n>   only the tests of one seam (${seams.join(', ')}): its folder in test/seams, and the unit tests of its rooms

Exit codes: 0 all passed, 1 something failed or nothing ran, 2 unknown option.`

const UNIT_TIMEOUT_MS = 1_800_000
const PROOFS_TIMEOUT_MS = 3_600_000
const INTEGRATION_TIMEOUT_MS = 4_200_000

const stopping = interruptible()
const self = answerForChildren()

async function test(args: readonly string[]): Promise<ExitCode> {
  const options = readOptions(args)
  const folder = mkdtempSync(join(tmpdir(), 'ten-seams-report-'))
  try {
    return conclude(await runAll(folder, options), folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

type Options = {
  readonly unit: boolean
  /** Beginnings of paths; all tests when left out. */
  readonly paths?: readonly string[]
}

function readOptions(args: readonly string[]): Options {
  const { values, positionals } = readArguments(args, {
    unit: { type: 'boolean', default: false },
    seam: { type: 'string' },
  })
  refuseMore(positionals)
  const { seam, unit } = values
  if (seam === undefined) return { unit }
  try {
    return { unit, paths: pathsOfSeam(Number(seam)) }
  } catch (error) {
    throw new UsageError(messageOf(error))
  }
}

async function runAll(folder: string, { unit, paths = [] }: Options): Promise<Tally> {
  console.log('static checks')
  const tallies = [{ ...none, ...(await runChecks(staticChecks, stopping)) }]
  const isUnit = (path: string) => !path.startsWith('test/seams/')
  const unitPaths = paths.filter(isUnit)
  const serverPaths = paths.filter((path) => !isUnit(path))
  tallies.push(await runSuite('unit', folder, UNIT_TIMEOUT_MS, unitPaths))
  if (!unit) {
    if (hasProofs(paths)) {
      tallies.push(await runSuite('proofs', folder, PROOFS_TIMEOUT_MS, serverPaths))
    }
    tallies.push(await runSuite('integration', folder, INTEGRATION_TIMEOUT_MS, serverPaths))
  }
  tallies.push(await checkCleanliness(folder))
  return addTallies(tallies)
}

/** A seam without such files would be a suite in which nothing ran, which fails. */
function hasProofs(paths: readonly string[]): boolean {
  if (paths.length === 0) return true
  const files = ownInstance.flatMap((pattern) => globSync(pattern, { cwd: rootFolder }))
  return files.some((file) => paths.some((path) => file.startsWith(path)))
}

async function runSuite(
  suite: string,
  folder: string,
  timeoutMs: number,
  paths: readonly string[],
): Promise<Tally> {
  if (stopping.aborted) return { ...none, failed: 1, failures: [`${suite} tests: stopped`] }
  console.log(`\n${suite} tests`)
  const outcome = await runProgram({
    file: 'node_modules/vitest/vitest.mjs',
    parameters: ['run', '--config', `test/runner/${suite}.config.ts`, ...paths],
    environment: { [reportFolderVariable]: folder },
    timeoutMs,
    shown: true,
    signal: stopping,
  })
  if (!outcome.ok) console.log(`${suite} tests: ${outcome.reason}`)
  return tallySuite(readOrUndefined(reportFile(folder, suite)), outcome.ok)
}

/** That nothing is left running is tested like the rest. What is left is ended after it has been counted. */
async function checkCleanliness(folder: string): Promise<Tally> {
  const leftovers = await endLeftovers(self, folder)
  if (leftovers.length === 0) return { ...none, passed: 1 }
  const failures = leftovers.map((line) => `nothing is left running: ${line}`)
  return { ...none, failed: 1, failures }
}

function conclude(tally: Tally, folder: string): ExitCode {
  if (stopping.aborted) console.log('\nstopped before the end')
  const slowest = slowestLines(readDurations(folder))
  if (slowest.length > 0) console.log(`\nthe slowest files\n${slowest.join('\n')}\n`)
  // At the end, so that the tail of a long output says what to look for in the rest.
  for (const failure of tally.failures) console.log(`  FAILED  ${failure}`)
  console.log(`\n${closingLine(tally)}`)
  return tally.failed === 0 && tally.passed > 0 && !stopping.aborted
    ? exitCodes.holds
    : exitCodes.refuted
}

function readOrUndefined(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}

await runVerb(test, usage)
