import { Periodic } from '@tenseams/service/periodic'
import { Gauge, type Registry } from 'prom-client'
import type { Report } from './report.ts'

type Log = {
  info(context: object, message: string): void
  warn(context: object, message: string): void
}

export type RoundsOptions = {
  readonly audit: () => Promise<Report>
  readonly intervalMs: number
  readonly metrics: Registry
  readonly log: Log
}

/** Auditing uses at most a tenth of the time: the pause grows with what there is to read. */
const REST_PER_WORK = 9

/** Audits periodically and reports the findings as metrics and in the log. */
export class Rounds {
  readonly #options: RoundsOptions
  readonly #violations: Gauge
  readonly #undecided: Gauge
  readonly #lastAudit: Gauge
  readonly #audits: Periodic<Report>
  last: Report | undefined

  constructor(options: RoundsOptions) {
    this.#options = options
    this.#audits = new Periodic({
      work: () => this.auditNow(),
      pauseMs: ({ tookMs }) => Math.max(options.intervalMs, tookMs * REST_PER_WORK),
      onError: (error) => options.log.warn({ err: error }, 'the audit failed'),
    })
    const registers = [options.metrics]
    this.#violations = new Gauge({
      name: 'tenseams_invariant_violations',
      help: 'Violations of the invariant that the last audit found.',
      labelNames: ['invariant'],
      registers,
    })
    this.#undecided = new Gauge({
      name: 'tenseams_invariant_undecided',
      help: '1 when the last audit could not judge the invariant, because a part that it needs did not answer.',
      labelNames: ['invariant'],
      registers,
    })
    this.#lastAudit = new Gauge({
      name: 'tenseams_last_audit_timestamp_seconds',
      help: 'Time of the last audit.',
      registers,
    })
  }

  start(): void {
    this.#audits.start()
  }

  close(): Promise<void> {
    return this.#audits.close()
  }

  async auditNow(): Promise<Report> {
    const report = await this.#options.audit()
    this.#tell(report)
    return report
  }

  #tell(report: Report): void {
    this.last = report
    this.#lastAudit.set(Date.parse(report.at) / 1_000)
    for (const { id, violations, status, offenders, says } of report.findings) {
      this.#violations.set({ invariant: id }, violations)
      this.#undecided.set({ invariant: id }, status === 'does not run' ? 1 : 0)
      if (violations > 0) {
        this.#options.log.warn({ invariant: id, violations, offenders }, `violated: ${says}`)
      }
    }
  }
}
