import { parseArgs } from 'node:util'
import { type Exploration, explore, type Verdict, verdictOf } from './explore.ts'
import { brokenModes } from './flaws.ts'
import { report } from './report.ts'
import { scenarioOf } from './scenario.ts'
import { smallestOf } from './shrink.ts'
import { simulate } from './simulate.ts'

const usage = `npx node test/simulation/main.ts [--seeds <n>] [--seed <s>] [--break <mode>] [--trace]

Simulates the protocol of consuming, producing and sinking: real consumers, modelled servers, virtual time.

  --seeds <n>     how many seeds, 10000 unless told
  --seed <s>      this seed alone; with --seeds, the first of them
  --break <mode>  with a mistake planted:
${Object.entries(brokenModes)
  .map(([name, { says }]) => `      ${name.padEnd(24)} ${says}`)
  .join('\n')}
  --trace         every step of the seed, not only of a case that fails
  --help          this text

Exit code: 0 every promise is kept; 1 one is broken, its smallest case is printed; 2 undecided, or wrong usage.`

process.exitCode = await main(process.argv.slice(2))

async function main(parameters: string[]): Promise<number> {
  const wish = readWish(parameters)
  if (wish === 'help') console.log(usage)
  if (wish === 'help' || wish === undefined) return wish === 'help' ? 0 : 2
  const { seeds, flaws } = wish
  if (wish.isTraced) {
    const scenario = scenarioOf(seeds.from)
    const outcome = await simulate(scenario, flaws, { traced: true })
    for (const line of report({ scenario, outcome })) console.log(line)
    return outcome.violations.length > 0 ? 1 : 0
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
  return exitCodeOf(verdict)
}

function exitCodeOf(verdict: Verdict): number {
  return { holds: 0, refuted: 1, undecided: 2 }[verdict]
}

function coverageOf({ covered }: Exploration): readonly string[] {
  const never = covered.missing.map((occurrence) => `never occurred: ${occurrence}`)
  return ['runs in which they occurred:', ...covered.lines, ...never]
}

function readWish(parameters: string[]) {
  try {
    const { values } = parseArgs({
      args: parameters,
      options: {
        seeds: { type: 'string' },
        seed: { type: 'string' },
        break: { type: 'string' },
        trace: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h' },
      },
    })
    if (values.help) return 'help'
    const mode = values.break === undefined ? undefined : brokenModes[values.break]
    if (values.break !== undefined && mode === undefined) {
      throw new Error(`no mode "${values.break}"`)
    }
    const one = values.seed !== undefined || values.trace
    const count = wholeNumber('seeds', values.seeds ?? (one ? '1' : '10000'))
    const seeds = { from: wholeNumber('seed', values.seed ?? '0'), count }
    return { seeds, flaws: mode?.flaws ?? {}, isTraced: values.trace }
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
    return undefined
  }
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`--${name} ${text}: not a whole number`)
  return Number(text)
}
