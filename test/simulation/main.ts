import { readArguments, refuseMore, wholeNumber } from '@tenseams/cli/arguments'
import { UsageError } from '@tenseams/cli/errors'
import { type ExitCode, exitCodes } from '@tenseams/cli/exit-codes'
import { runVerb } from '@tenseams/cli/run-verb'
import { brokenModes } from './flaws/flaws.ts'
import { type Exploration, explore, verdictOf } from './run/explore.ts'
import { report } from './run/report.ts'
import { scenarioOf } from './run/scenario.ts'
import { smallestOf } from './run/shrink.ts'
import { simulate } from './run/simulate.ts'

const usage = `npx node test/simulation/main.ts [--seeds <n>] [--seed <s>] [--break <mode>] [--trace]

Simulates the protocol of consuming, producing and sinking: real consumers, modelled servers, virtual time.

  --seeds <n>     how many seeds, 10000 unless told
  --seed <s>      this seed alone; with --seeds, the first of them
  --break <mode>  with a mistake planted:
${Object.entries(brokenModes)
  .map(([name, { says }]) => `      ${name.padEnd(24)} ${says}`)
  .join('\n')}
  --trace         every step of the seed, not only of a case that fails

Exit codes: 0 every promise is kept; 1 one is broken, its smallest case is printed; 2 undecided, or wrong usage.`

async function explorePromises(args: readonly string[]): Promise<ExitCode> {
  const wish = readWish(args)
  const { seeds, flaws } = wish
  if (wish.isTraced) {
    const scenario = scenarioOf(seeds.from)
    const outcome = await simulate(scenario, flaws, { traced: true })
    for (const line of report({ scenario, outcome })) console.log(line)
    return outcome.violations.length > 0 ? exitCodes.refuted : exitCodes.holds
  }
  const begun = performance.now()
  const exploration = await explore(seeds, flaws)
  const seconds = (performance.now() - begun) / 1_000
  const perSecond = Math.round(exploration.runs / seconds)
  console.log(`${exploration.runs} runs, ${seconds.toFixed(1)} s, ${perSecond} a second`)
  const smallest = await smallestOf(exploration.failing, flaws)
  const lines = smallest === undefined ? coverageOf(exploration) : report(smallest)
  for (const line of lines) console.log(line)
  const verdict = verdictOf(exploration)
  console.log(verdict)
  return exitCodes[verdict]
}

function coverageOf({ covered }: Exploration): readonly string[] {
  const never = covered.missing.map((occurrence) => `never occurred: ${occurrence}`)
  return ['runs in which they occurred:', ...covered.lines, ...never]
}

function readWish(args: readonly string[]) {
  const { values, positionals } = readArguments(args, {
    seeds: { type: 'string' },
    seed: { type: 'string' },
    break: { type: 'string' },
    trace: { type: 'boolean', default: false },
  })
  refuseMore(positionals)
  const mode = values.break === undefined ? undefined : brokenModes[values.break]
  if (values.break !== undefined && mode === undefined) {
    throw new UsageError(`there is no mode "${values.break}"`)
  }
  const isOne = values.seed !== undefined || values.trace
  const most = 999_999_999
  const seeds = {
    from: wholeNumber('--seed', values.seed ?? '0', { most }),
    count: wholeNumber('--seeds', values.seeds ?? (isOne ? '1' : '10000'), { most }),
  }
  return { seeds, flaws: mode?.flaws ?? {}, isTraced: values.trace }
}

await runVerb(explorePromises, usage)
