import { cpuMsAnOrder, figures, memoryBytesOf, partsOf } from './figures.ts'
import { type LoadResult, limitAt } from './result.ts'
import type { Distribution, Step } from './step.ts'
import { busiestText, megabytesText, msText, percentText, rateText, tableLines } from './table.ts'
import { judge } from './verdict.ts'

/** More than what timers are late by on a machine with a core to spare. */
const LATE_MS = 20
const HEAD = ['CPU', 'of a core', 'ms an order', 'memory', 'its busiest threads']

/** One line about a step, as soon as it is measured. */
export function stepLine(step: Step): string {
  const { outcome, reasons } = judge(step)
  const told = figures.slice(0, 3).map(({ name, of }) => `${name} ${rateText(of(step))}`)
  const p99 = step.latencies['http orders']?.p99 ?? Number.NaN
  const line = `${rateText(step.rate).padStart(7)}/s  ${outcome.padEnd(6)} ${told.join(', ')} a second, HTTP p99 ${msText(p99)} ms`
  return [line, ...reasons.map((reason) => `           ${reason}`)].join('\n')
}

/** What is shown at the end of a run. */
export function summaryLines(result: LoadResult): readonly string[] {
  const { steps, knee } = result
  return [
    ...steps.slice(knee === undefined ? 0 : -1).flatMap(stepLines),
    ...(knee === undefined ? [] : kneeLines(result)),
  ]
}

function kneeLines(result: LoadResult): readonly string[] {
  const { knee, steps } = result
  const { kept, refused } = knee ?? {}
  const tried = steps.map((step) => `${rateText(step.rate)} ${judge(step).outcome}`).join(', ')
  const limit = limitAt(result)
  return [
    '',
    kept === undefined ? 'no rate was kept' : `knee: ${rateText(kept)} requests a second were kept`,
    refused === undefined
      ? 'no higher rate was refused'
      : `${rateText(refused)} were not kept; limited by ${limit ?? 'what is unknown'}`,
    `tried: ${tried}`,
  ]
}

function stepLines(step: Step): readonly string[] {
  return [
    '',
    ...latencyLines(step),
    ...(step.system === undefined ? [] : systemLines(step)),
    ...lateLines(step),
  ]
}

function latencyLines({ latencies, system }: Step): readonly string[] {
  const cells = ({ count, p50, p90, p99, p999, max }: Distribution) => [
    String(count),
    ...[p50, p90, p99, p999, max].map(msText),
  ]
  const unseen: Readonly<Record<string, number>> = system?.unseen ?? {}
  const rows = Object.entries(latencies).map(([name, each]) => {
    const missing = unseen[name] ?? 0
    return [name, ...cells(each), ...(missing > 0 ? [`${missing} not seen`] : [])]
  })
  return tableLines([
    ['ms from when it was due', 'count', 'p50', 'p90', 'p99', 'p99.9', 'max'],
    ...rows,
  ])
}

function systemLines(step: Step): readonly string[] {
  const { system, measuredMs } = step
  if (system === undefined) return []
  const rows = partsOf(step).map((part) => {
    const { cpuMs = 0, groups = {} } = system.parts[part] ?? {}
    return [
      ...[part, percentText(cpuMs / measuredMs), msText(cpuMsAnOrder(step, part))],
      ...[megabytesText(memoryBytesOf(step, part)), busiestText(groups, measuredMs)],
    ]
  })
  const all = ['all of it', '', msText(cpuMsAnOrder(step)), '', '']
  const lags = system.lag.at(-1)?.lag ?? {}
  return [
    '',
    ...(rows.length === 0
      ? ['CPU and memory: not known, there is no /proc here']
      : tableLines([HEAD, ...rows, all], [0, HEAD.length - 1])),
    '',
    `lag at the end: ${Object.entries(lags)
      .map(([group, lag]) => `${group} ${lag}`)
      .join(', ')}`,
    `orders: ${step.accepted} accepted, ${system.placed} in Kafka, ${endsText(system.ends)}`,
    `cores: ${percentText(system.busyShare)} busy, ${percentText(system.othersShare)} by other work; the load itself used ${msText(step.generatorCpuMs)} ms (generator) and ${msText(system.observerCpuMs)} ms (observer)`,
  ]
}

function endsText(ends: Readonly<Record<string, number>>): string {
  const known = Object.entries(ends).filter(([, count]) => count > 0)
  const words = known.map(([type, count]) => `${count} ${type.replace('Order', '').toLowerCase()}`)
  return words.join(', ') || 'none has ended'
}

/** Requests that are sent late make latencies that the system is not to blame for. */
function lateLines({ latencies }: Step): readonly string[] {
  const p99 = latencies.sent?.p99 ?? 0
  return p99 > LATE_MS
    ? [
        `the generator itself was late: p99 ${msText(p99)} ms. This machine is too busy for exact latencies.`,
      ]
    : []
}
