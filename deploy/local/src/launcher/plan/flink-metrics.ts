import { readTelemetry } from '@tenseams/contracts/telemetry/read'

/** A process of Flink that shows metrics. */
type Reporting = 'flink-jobmanager' | 'flink-taskmanager'

/**
 * Variables of Flink's that would become labels. Ids of runs and attempts are new after each restart, so their values have no
 * bound; an address says nothing while there is one TaskManager.
 */
const withoutBound = [
  ...['host', 'tm_id', 'job_id', 'task_id', 'task_attempt_id', 'task_attempt_num'],
  ...['operator_id', 'operator_name_with_subtask', 'operator_subtask_index'],
]

/**
 * What Flink's Prometheus reporter shows of the hundreds of metrics that Flink has: those that contracts/telemetry.yaml declares
 * for the process. A metric of Flink's has a scope and a name; Prometheus sees both, joined by `_`.
 */
export function reporterFilter(name: Reporting): Readonly<Record<string, string>> {
  const declared = readTelemetry().metrics.filter(({ from }) => from.includes(name))
  return {
    'filter.includes': declared.map((metric) => patternOf(metric.name)).join(';'),
    'scope.variables.excludes': withoutBound.join(';'),
    // Otherwise the job revenue-per-minute is revenue_per_minute, and nowhere else.
    filterLabelValueCharacters: 'false',
  }
}

/** `flink_jobmanager_job_uptime` is `uptime` in the scope `jobmanager.job`. */
function patternOf(metric: string): string {
  const [, ...scope] = metric.split('_')
  const name = scope.pop() ?? ''
  return `${scope.join('.')}:${name}`
}
