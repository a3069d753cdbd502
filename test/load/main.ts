import { spawnSync } from 'node:child_process'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { VerbError } from '@tenseams/cli/errors'
import { type ExitCode, exitCodes } from '@tenseams/cli/exit-codes'
import { projectRoot } from '@tenseams/cli/instance'
import { instanceHelp } from '@tenseams/cli/instance-options'
import { interruptible } from '@tenseams/cli/interruption'
import { complain, say } from '@tenseams/cli/output'
import { runVerb } from '@tenseams/cli/run-verb'
import { bounds, type IdleRequest, type LoadRequest, readLoadArguments } from './arguments.ts'
import { mixText } from './generator/mix.ts'
import { idleLines, watchIdle } from './idle.ts'
import { runningParts } from './observe/parts.ts'
import { hasProc } from './observe/processes.ts'
import { System } from './observe/system.ts'
import { progressOn } from './progress.ts'
import { compareRuns } from './report/compare.ts'
import { pageOf } from './report/page.ts'
import { type LoadResult, resultOf } from './report/result.ts'
import { writeRun } from './report/store.ts'
import { stepLine, summaryLines } from './report/summary.ts'
import { judge } from './report/verdict.ts'
import { type Measured, runLoad } from './run.ts'
import { findInstance, type Target } from './target.ts'

const help = `npm run load -- [options]
npm run load -- compare <a.json> <b.json>
npm run load -- idle [--duration <time>]

Sends requests at a given rate to a running instance (\`npm start\` in another terminal), each when it is due, and measures
from then on: answers, completed orders, and when a reader of bronze, silver and gold sees them; CPU, memory and lag by
part. It stops by itself; Ctrl-C ends it with what was measured so far. The figures are written to a file, and as a page with
plots. \`compare\` sets two runs side by side; \`idle\` sends nothing and says what the parts use meanwhile.

  --rate <n>               requests a second (default 20, at most ${bounds.ratePerSecond}); with --find-knee, where the search begins
  --duration <time>        how long the rate is held, as in 30s or 2m (default 30s, at most 60m)
  --ramp <time>            how long the rate grows before that, which is not measured (default 5s)
  --find-knee              looks for the highest rate that is kept, then holds 50, 70 and 90 % of it
  --mix <shares>           of orders, declined, cancellations and reads, as in orders=90,declined=5,reads=5 (default orders=1)
  --repeated <percent>     of orders: an earlier one once more, with its Idempotency-Key (default 0)
  --arrivals even|poisson  at equal distances, or at random (default even)
  --seed <n>               of whatever is random (default 1)
  --in-flight <n>          requests that may wait for an answer (default 1000); one that is due beyond is not sent
  --target <URL>           another address of the orders' interface: only answers are observed
  --not-loopback           allows a target on another machine
  --results <folder>       where the figures go; the newest 50 runs stay there (default load-results)
${instanceHelp}

Exit codes: 0 the rate was kept, or a knee was found; 1 the system fell behind, or lost an order; 2 void: less than 99 % of
what was due was answered meanwhile, so the figures are of another load; or it could not be measured or compared.
`

async function load(args: readonly string[]): Promise<ExitCode> {
  const request = readLoadArguments(args)
  if (request.kind === 'compare') return compareRuns(request.files, request.results)
  if (request.kind === 'idle') return showIdle(request)
  const { address, instance, portOffset } = request
  return measureTarget(request, address ?? (await findInstance(instance, portOffset)))
}

async function showIdle({ instance, portOffset, durationMs }: IdleRequest): Promise<ExitCode> {
  const target = await findInstance(instance, portOffset)
  if (!hasProc) throw new VerbError('what a part uses is read from /proc, which only Linux has')
  const signal = interruptible()
  for (const line of idleLines(await watchIdle(runningParts(target.paths), durationMs, signal))) {
    say(line)
  }
  return signal.aborted ? exitCodes.undecided : exitCodes.holds
}

async function measureTarget(request: LoadRequest, target: Target): Promise<ExitCode> {
  const signal = interruptible()
  const system = target.kind === 'instance' ? await System.open(target) : undefined
  const at = new Date().toISOString()
  if (!hasProc) complain('CPU and memory by part are read from /proc, which only Linux has')
  const progress = progressOn(process.stderr)
  try {
    const measured = await runLoad({
      measuring: {
        url: target.url,
        credentialsFile: credentialsFileFor(target),
        conditions: request.conditions,
        system,
        signal,
        show: progress.show,
      },
      ...{ rate: request.rate, isKneeWanted: request.isKneeWanted },
      mostRate: bounds.ratePerSecond,
      onStep: (step) => {
        progress.clear()
        say(stepLine(step))
      },
    })
    return conclude(resultIn(request, target, at, measured), request.results)
  } finally {
    await system?.close()
  }
}

/** The instance knows the identity `load`, which has a limit of its own; to any other address nothing of it is sent. */
function credentialsFileFor(target: Target): string | undefined {
  return target.kind === 'instance' ? join(target.paths.secrets, 'load.json') : undefined
}

function resultIn(
  request: LoadRequest,
  target: Target,
  at: string,
  measured: Measured,
): LoadResult {
  const { mix, repeatedShare, ...others } = request.conditions
  return resultOf({
    ...{ at, commit: commitNow(), machine: machineText(), ...measured },
    settings: {
      ...others,
      profile: target.kind === 'instance' ? target.profile : 'answers only',
      mix: mixText(mix),
      repeatedPercent: Math.round(100 * repeatedShare),
      rate: request.isKneeWanted ? undefined : request.rate,
    },
  })
}

function conclude(result: LoadResult, folder: string): ExitCode {
  for (const line of summaryLines(result)) say(line)
  const files = writeRun(result.at, { json: result, page: pageOf(result) }, folder)
  say(`\n${files.json}\n${files.page}`)
  return exitCodeOf(result)
}

/** A knee that was found is what was asked for, although rates above it were not kept. */
function exitCodeOf({ steps, knee }: LoadResult): ExitCode {
  if (knee !== undefined) return knee.kept === undefined ? exitCodes.undecided : exitCodes.holds
  const outcomes = steps.map((step) => judge(step).outcome)
  if (outcomes.length === 0 || outcomes.includes('void')) return exitCodes.undecided
  return outcomes.includes('behind') ? exitCodes.refuted : exitCodes.holds
}

function commitNow(): string {
  const git = (...args: string[]) =>
    spawnSync('git', args, { cwd: projectRoot, encoding: 'utf8' }).stdout?.trim() ?? ''
  const commit = git('rev-parse', '--short', 'HEAD')
  if (commit === '') return 'unknown'
  return git('status', '--porcelain') === '' ? commit : `${commit}, changed`
}

function machineText(): string {
  const [first, ...others] = cpus()
  const gigabytes = Math.round(totalmem() / 2 ** 30)
  return `${others.length + 1} × ${first?.model.trim() ?? 'unknown'}, ${gigabytes} GB, Node ${process.versions.node}`
}

await runVerb(load, help)
// After Ctrl-C, a client may still be waiting for a server that is gone.
process.exit()
