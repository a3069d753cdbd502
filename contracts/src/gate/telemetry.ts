import type { Metric } from '../telemetry/declaration.ts'
import { readableTelemetry } from '../telemetry/read.ts'
import { type ContractSet, telemetryFile } from './contract-set.ts'
import type { Refusal } from './refusal.ts'

/**
 * What is wrong with the declared telemetry: entries that cannot be used, such as a label without a bound, and metrics that
 * alerts read and that a change takes from them. A project without the file has nothing to judge.
 */
export function telemetryRefusals(base: ContractSet, tree: ContractSet): readonly Refusal[] {
  if (tree.telemetry === undefined) return base.telemetry === undefined ? [] : [deleted]
  const { telemetry, mistakes } = readableTelemetry(tree.telemetry)
  if (mistakes.length > 0) return mistakes.map(unusable)
  // An older form of the file promised nothing that can be compared.
  const was =
    base.telemetry === undefined ? [] : readableTelemetry(base.telemetry).telemetry.metrics
  return was
    .filter(({ alerts }) => alerts.length > 0)
    .flatMap((metric) => takenFromAlerts(metric, telemetry.metrics))
}

const deleted: Refusal = {
  where: telemetryFile,
  what: 'the file is gone',
  why: 'metrics, spans and their bounds are declared in it, and types are generated from it',
  whom: 'every service, and whoever looks at its metrics',
  todo: `git checkout HEAD -- ${telemetryFile}`,
}

function unusable(mistake: string): Refusal {
  return {
    where: telemetryFile,
    what: mistake,
    why: 'no types can be generated while the file cannot be used',
    whom: 'every service, and whoever looks at its metrics',
    todo: 'correct the entry; the comment at the top of the file says what each property means',
  }
}

function takenFromAlerts(was: Metric, metrics: readonly Metric[]): readonly Refusal[] {
  const is = metrics.find(({ name }) => name === was.name)
  const shared = {
    where: `${telemetryFile}: ${was.name}`,
    why: 'an alert on a series that is not there never fires, and nobody notices',
    whom: `whoever is called by ${was.alerts.join(', ')}`,
    todo: 'add the new metric, let the alerts read it and name them there; when that is merged, remove the old one',
  }
  if (is === undefined) return [{ ...shared, what: 'the metric is gone' }]
  const lost = Object.keys(was.labels).filter((label) => !(label in is.labels))
  return [
    ...(is.type === was.type ? [] : [{ ...shared, what: `the ${was.type} is a ${is.type} now` }]),
    ...lost.map((label) => ({ ...shared, what: `the label ${label} is gone` })),
  ]
}
