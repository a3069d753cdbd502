import { Latencies } from '../latencies.ts'
import { cpuMsAnOrder, figures, memoryBytesOf, partsOf } from './figures.ts'
import { documentOf, escaped, tableHtml } from './html.ts'
import { plotSvg, type Series } from './plot.ts'
import { type LoadResult, limitAt, type Settings } from './result.ts'
import type { Step } from './step.ts'
import { msText, rateText } from './table.ts'
import { judge } from './verdict.ts'

/** Latencies that are drawn, in the order in which an order meets them. */
const STAGES = ['http orders', 'completed', 'bronze', 'silver', 'gold']
const DRAWN_PARTS = 10
const MEGABYTE = 2 ** 20

/** A run as a page of its own. */
export function pageOf(result: LoadResult): string {
  const steps = result.steps.toSorted((one, other) => one.rate - other.rate)
  return documentOf(
    `Load of ${result.at}`,
    [
      ...conditionsHtml(result),
      stepsHtml(steps),
      ...(steps.length > 1 ? [latencyByRate(steps), cpuByRate(steps)] : []),
      ...steps.map((step) => stepHtml(step, steps.length === 1)),
    ].join('\n'),
  )
}

function conditionsHtml(result: LoadResult): readonly string[] {
  const { commit, machine, settings, knee } = result
  const rows = [
    ['condition', ''],
    ['commit', commit],
    ['machine', machine],
    ...settingRows(settings),
  ]
  const limit = limitAt(result)
  const found =
    knee === undefined
      ? []
      : [
          `<p>Knee: ${rateText(knee.kept)} requests a second were kept, ${rateText(knee.refused)} were not.</p>`,
        ]
  const limited = limit === undefined ? [] : [`<p>Limited by ${escaped(limit)}.</p>`]
  return [tableHtml(rows), ...found, ...limited]
}

/** Settings as people read them. */
export function settingRows(settings: Settings): readonly (readonly [string, string])[] {
  const { durationMs, rampMs, rate, repeatedPercent, mix } = settings
  return [
    ['profile', settings.profile],
    ['mix', mix],
    ['repeated keys', `${repeatedPercent} %`],
    ['rate', rate === undefined ? 'the knee is looked for' : `${rateText(rate)} a second`],
    ['arrivals', settings.arrivals],
    ['duration', `${durationMs / 1_000} s after a ramp of ${rampMs / 1_000} s`],
    ['in flight', `${settings.maxInFlight} at most`],
    ['seed', String(settings.seed)],
  ]
}

function stepsHtml(steps: readonly Step[]): string {
  const head = ['rate', ...figures.map(({ name, unit }) => `${name}, ${unit}`), 'outcome']
  const rows = steps.map((step) => [
    rateText(step.rate),
    ...figures.map(({ unit, of }) => (unit.startsWith('ms') ? msText : rateText)(of(step))),
    judge(step).outcome,
  ])
  return tableHtml([head, ...rows])
}

function latencyByRate(steps: readonly Step[]): string {
  return plotSvg({
    ...{ title: 'Latency against rate', xLabel: 'requests a second', yLabel: 'p99 in ms' },
    isLogarithmic: true,
    series: STAGES.map((name) => ({
      name: `${name} p99`,
      points: steps.map((step) => ({
        x: step.rate,
        y: step.latencies[name]?.p99 ?? Number.NaN,
      })),
    })),
  })
}

function cpuByRate(steps: readonly Step[]): string {
  const last = steps.at(-1)
  const parts = last === undefined ? [] : partsOf(last).slice(0, DRAWN_PARTS)
  return plotSvg({
    ...{
      title: 'CPU of an order against rate',
      xLabel: 'requests a second',
      yLabel: 'ms an order',
    },
    series: parts.map((part) => ({
      name: part,
      points: steps.map((step) => ({ x: step.rate, y: cpuMsAnOrder(step, part) })),
    })),
  })
}

function stepHtml(step: Step, isOpen: boolean): string {
  const { outcome, reasons } = judge(step)
  const sentences = reasons.map((reason) => `<li class="${outcome}">${escaped(reason)}</li>`)
  return [
    `<details${isOpen ? ' open' : ''}><summary>${rateText(step.rate)} requests a second: ${outcome}</summary>`,
    `<ul>${sentences.join('')}</ul>`,
    percentilesPlot(step),
    cpuTable(step),
    ...timePlots(step),
    '</details>',
  ].join('\n')
}

/** So many nines: 1 is the 90th percentile, 2 the 99th, 3 the 99.9th. */
const NINES = [0, 0.3, 0.6, 1, 1.3, 1.6, 2, 2.3, 2.6, 3]

function percentilesPlot({ latencies }: Step): string {
  const series = Object.entries(latencies).map(([name, { histogram }]): Series => {
    const known = Latencies.decode(histogram)
    // A percentile that rests on less than one value is only the maximum again.
    const resting = NINES.filter((nines) => known.count >= 10 ** nines)
    return {
      name,
      points: resting.map((nines) => ({ x: nines, y: known.percentile(100 - 100 / 10 ** nines) })),
    }
  })
  const xLabel = 'nines: 1 is p90, 2 is p99, 3 is p99.9'
  return plotSvg({ title: 'Percentiles', xLabel, yLabel: 'ms', isLogarithmic: true, series })
}

function cpuTable(step: Step): string {
  const { system, measuredMs } = step
  if (system === undefined) return '<p>Only answers were observed.</p>'
  const parts = partsOf(step)
  if (parts.length === 0) return '<p>CPU and memory are not known: there is no /proc here.</p>'
  const share = (ms: number) => `${((100 * ms) / measuredMs).toFixed(1)} %`
  const rows = parts.flatMap((part) => {
    const { cpuMs = 0, groups = {} } = system.parts[part] ?? {}
    const threads = Object.entries(groups)
      .toSorted(([, one], [, other]) => other - one)
      .filter(([, ms]) => ms >= 0.1 * cpuMs && ms > 0)
      .map(([group, ms]) => [`  ${group}`, share(ms), msText(ms / system.settled), ''])
    const size = `${Math.round(memoryBytesOf(step, part) / MEGABYTE)} MB`
    return [[part, share(cpuMs), msText(cpuMsAnOrder(step, part)), size], ...threads]
  })
  return tableHtml([
    ['part, and its busiest threads', 'of a core', 'ms an order', 'memory'],
    ...rows,
  ])
}

function timePlots(step: Step): readonly string[] {
  const { system } = step
  if (system === undefined) return []
  const { samples, lag, memory } = system
  const groups = new Set(lag.flatMap((sample) => Object.keys(sample.lag)))
  const time = 'seconds from the end of the ramp'
  const parts = partsOf(step).slice(0, DRAWN_PARTS)
  return [
    plotSvg({
      ...{ title: 'CPU by part', xLabel: time, yLabel: 'share of a core' },
      series: parts.map((part) => ({
        name: part,
        points: samples.map(({ atS, cpuShares }) => ({ x: atS, y: cpuShares[part] ?? Number.NaN })),
      })),
    }),
    plotSvg({
      ...{ title: 'Lag by consumer group', xLabel: time, yLabel: 'records' },
      series: [...groups].map((group) => ({
        name: group,
        points: lag.map((sample) => ({ x: sample.atS, y: sample.lag[group] ?? Number.NaN })),
      })),
    }),
    plotSvg({
      ...{ title: 'Memory by part', xLabel: time, yLabel: 'MB' },
      series: parts.map((part) => ({
        name: part,
        points: memory.map(({ atS, bytes }) => ({ x: atS, y: (bytes[part] ?? 0) / MEGABYTE })),
      })),
    }),
    plotSvg({
      ...{ title: 'Orders under way', xLabel: time, yLabel: 'orders' },
      series: [
        {
          name: 'neither completed, rejected nor cancelled',
          points: samples.map(({ atS, unsettled }) => ({ x: atS, y: unsettled })),
        },
      ],
    }),
  ]
}
