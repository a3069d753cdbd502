import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runChecks, staticChecks } from './checks.ts'
import { endInstance } from './instance.ts'
import { leftoversOf } from './leftovers.ts'
import { runProgram } from './program.ts'
import { reportFile, reportFolderVariable, stackFile } from './reporters.ts'
import { addTallies, closingLine, none, type Tally, tallyLane } from './tally.ts'

const usage = `npm test [-- --unit]

Static checks, then tests without servers, then the proofs against a stack that is started for them, on ports and data
of its own, and gone at the end. The last line counts them all: "N passed, N failed".

  --unit   only the checks and the tests without servers
  --help   this text

Exit code: 0 all held, 1 something failed or nothing ran, 2 unknown option.`

const UNIT_TIMEOUT_MS = 1_800_000
const INTEGRATION_TIMEOUT_MS = 4_200_000

const stopping = new AbortController()

process.exitCode = await main(process.argv.slice(2))

async function main(parameters: string[]): Promise<number> {
  const options = readOptions(parameters)
  if (options === undefined) return 2
  if (options.help) {
    console.log(usage)
    return 0
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => stopping.abort())
  }
  const folder = mkdtempSync(join(tmpdir(), 'ten-seams-report-'))
  try {
    return conclude(await runAll(folder, options.unit === true))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function readOptions(parameters: string[]) {
  try {
    const options = { unit: { type: 'boolean' }, help: { type: 'boolean' } } as const
    return parseArgs({ args: parameters, options }).values
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
    return undefined
  }
}

async function runAll(folder: string, unitOnly: boolean): Promise<Tally> {
  console.log('static checks')
  const tallies = [{ ...none, ...(await runChecks(staticChecks, stopping.signal)) }]
  tallies.push(await runLane('unit', folder, UNIT_TIMEOUT_MS))
  if (!unitOnly) {
    tallies.push(await runLane('integration', folder, INTEGRATION_TIMEOUT_MS))
    tallies.push(await checkCleanliness(folder))
  }
  return addTallies(tallies)
}

async function runLane(lane: string, folder: string, timeoutMs: number): Promise<Tally> {
  if (stopping.signal.aborted) return { ...none, failed: 1, failures: [`${lane} tests: stopped`] }
  console.log(`\n${lane} tests`)
  const outcome = await runProgram({
    file: 'node_modules/vitest/vitest.mjs',
    parameters: ['run', '--config', `test/runner/${lane}.config.ts`],
    environment: { [reportFolderVariable]: folder },
    timeoutMs,
    shown: true,
    signal: stopping.signal,
  })
  if (!outcome.ok) console.log(`${lane} tests: ${outcome.reason}`)
  return tallyLane(readOrUndefined(reportFile(folder, lane)), outcome.ok)
}

/** That the stack is gone is a proof like the others; what is not gone is ended after it has been counted. */
async function checkCleanliness(folder: string): Promise<Tally> {
  const text = readOrUndefined(join(folder, stackFile))
  if (text === undefined) return none
  const stack: { instance: string; portOffset: number } = JSON.parse(text)
  const leftovers = leftoversOf(stack)
  if (leftovers.length === 0) return { ...none, passed: 1 }
  await endInstance(stack.instance, { keepLogs: true })
  const failures = leftovers.map((line) => `nothing is left running: ${line}`)
  return { ...none, failed: 1, failures }
}

function conclude(tally: Tally): number {
  if (stopping.signal.aborted) console.log('\nstopped before the end')
  // Whoever sees only the end of a long output sees what to look for in the rest.
  for (const failure of tally.failures) console.log(`  FAILED  ${failure}`)
  console.log(`\n${closingLine(tally)}`)
  return tally.failed === 0 && tally.passed > 0 && !stopping.signal.aborted ? 0 : 1
}

function readOrUndefined(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}
