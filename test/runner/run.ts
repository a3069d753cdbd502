import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runChecks, staticChecks } from './checks.ts'
import { readDurations, slowestLines } from './durations.ts'
import { endLeftovers } from './leftovers.ts'
import { answerForChildren } from './owners.ts'
import { runProgram } from './program.ts'
import { reportFolderVariable } from './report-folder.ts'
import { reportFile } from './reporters.ts'
import { pathsOfSeam, seams } from './seams.ts'
import { addTallies, closingLine, none, type Tally, tallySuite } from './tally.ts'

const usage = `npm test [-- --unit] [-- --seam <n>]

Static checks, then the unit suite, then the integration suite against a stack that is started for it, on ports and
data of its own, and gone at the end. It names the ten slowest files. The last line counts all tests:
"N passed, N failed".

  --unit       only the checks and the unit suite
  --seam <n>   only the tests of one seam (${seams.join(', ')}): its folder in test/seams, and the unit tests of its rooms
  --help       this text

Exit code: 0 all passed, 1 something failed or nothing ran, 2 unknown option.`

const UNIT_TIMEOUT_MS = 1_800_000
const INTEGRATION_TIMEOUT_MS = 4_200_000

const stopping = new AbortController()
const self = answerForChildren()

process.exitCode = await main(process.argv.slice(2))

async function main(parameters: string[]): Promise<number> {
  const options = readOptions(parameters)
  if (options === undefined) return 2
  if (options.help) {
    console.log(usage)
    return 0
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => stopping.abort())
  }
  const folder = mkdtempSync(join(tmpdir(), 'ten-seams-report-'))
  try {
    return conclude(await runAll(folder, options), folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

type Options = {
  readonly unit?: boolean | undefined
  readonly help?: boolean | undefined
  /** Beginnings of paths; all tests when left out. */
  readonly paths?: readonly string[]
}

function readOptions(parameters: string[]): Options | undefined {
  try {
    const options = {
      unit: { type: 'boolean' },
      seam: { type: 'string' },
      help: { type: 'boolean' },
    } as const
    const { values } = parseArgs({ args: parameters, options })
    const { seam, ...others } = values
    return seam === undefined ? others : { ...others, paths: pathsOfSeam(Number(seam)) }
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
    return undefined
  }
}

async function runAll(folder: string, { unit, paths = [] }: Options): Promise<Tally> {
  console.log('static checks')
  const tallies = [{ ...none, ...(await runChecks(staticChecks, stopping.signal)) }]
  const isUnit = (path: string) => !path.startsWith('test/seams/')
  const unitPaths = paths.filter(isUnit)
  const integrationPaths = paths.filter((path) => !isUnit(path))
  tallies.push(await runSuite('unit', folder, UNIT_TIMEOUT_MS, unitPaths))
  if (!unit) {
    tallies.push(await runSuite('integration', folder, INTEGRATION_TIMEOUT_MS, integrationPaths))
  }
  tallies.push(await checkCleanliness(folder))
  return addTallies(tallies)
}

async function runSuite(
  suite: string,
  folder: string,
  timeoutMs: number,
  paths: readonly string[],
): Promise<Tally> {
  if (stopping.signal.aborted) return { ...none, failed: 1, failures: [`${suite} tests: stopped`] }
  console.log(`\n${suite} tests`)
  const outcome = await runProgram({
    file: 'node_modules/vitest/vitest.mjs',
    parameters: ['run', '--config', `test/runner/${suite}.config.ts`, ...paths],
    environment: { [reportFolderVariable]: folder },
    timeoutMs,
    shown: true,
    signal: stopping.signal,
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

function conclude(tally: Tally, folder: string): number {
  if (stopping.signal.aborted) console.log('\nstopped before the end')
  const slowest = slowestLines(readDurations(folder))
  if (slowest.length > 0) console.log(`\nthe slowest files\n${slowest.join('\n')}\n`)
  // Whoever sees only the end of a long output sees what to look for in the rest.
  for (const failure of tally.failures) console.log(`  FAILED  ${failure}`)
  console.log(`\n${closingLine(tally)}`)
  return tally.failed === 0 && tally.passed > 0 && !stopping.signal.aborted ? 0 : 1
}

function readOrUndefined(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}
