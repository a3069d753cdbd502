import { Periodic } from '@tenseams/service/periodic'
import { type GaugeOf, openGauge } from '@tenseams/telemetry/instruments'
import type { Log } from '@tenseams/telemetry/log'
import type { Registry } from 'prom-client'
import type { Scope } from './audit.ts'
import type { Report } from './report.ts'

export type RoundsOptions = {
  readonly audit: (scope: Scope) => Promise<Report>
  /** False when nothing was added since the last audit that it would have to judge. */
  readonly hasNews: () => Promise<boolean>
  readonly intervalMs: number
  /** Between two audits while there is no news. */
  readonly restIntervalMs: number
  readonly metrics: Registry
  readonly log: Pick<Log, 'info' | 'warn'>
}

/** Auditing uses at most a tenth of the time: the pause grows with what there is to read. */
const REST_PER_WORK = 9
/** Of so many audits one reads everything again. */
const ALL_EVERY = 20

/**
 * Audits periodically and reports the findings as metrics and in the log. While nothing is bought and the last audit left
 * nothing open, it audits seldom: each audit writes a barrier, which goes through the whole system.
 */
export class Rounds {
  readonly #options: RoundsOptions
  readonly #violations: GaugeOf<'tenseams_invariant_violations'>
  readonly #undecided: GaugeOf<'tenseams_invariant_undecided'>
  readonly #lastAudit: GaugeOf<'tenseams_last_audit_timestamp_seconds'>
  readonly #audits: Periodic<void>
  #lastAtMs = Number.NEGATIVE_INFINITY
  #count = 0
  last: Report | undefined

  constructor(options: RoundsOptions) {
    this.#options = options
    this.#audits = new Periodic({
      work: () => this.round(),
      pauseMs: ({ tookMs }) => Math.max(options.intervalMs, tookMs * REST_PER_WORK),
      onError: (error) => options.log.warn({ err: error }, 'the audit failed'),
    })
    this.#violations = openGauge(options.metrics, 'tenseams_invariant_violations')
    this.#undecided = openGauge(options.metrics, 'tenseams_invariant_undecided')
    this.#lastAudit = openGauge(options.metrics, 'tenseams_last_audit_timestamp_seconds')
  }

  start(): void {
    this.#audits.start()
  }

  close(): Promise<void> {
    return this.#audits.close()
  }

  /** Audits, unless it would find what the last audit has found. */
  async round(): Promise<void> {
    if (this.#mayRest() && !(await this.#hasNews())) return
    await this.auditNow(this.#count % ALL_EVERY === 0 ? 'all' : 'new')
  }

  async auditNow(scope: Scope): Promise<Report> {
    const report = await this.#options.audit(scope)
    this.#count += 1
    this.#lastAtMs = performance.now()
    this.#tell(report)
    return report
  }

  /** Nothing is violated, undecided or under way, and the last audit is not too long ago. */
  #mayRest(): boolean {
    const isOver = performance.now() - this.#lastAtMs >= this.#options.restIntervalMs
    const findings = this.last?.findings ?? []
    const isSettled = findings.every(({ status, inFlight }) => status === 'ok' && inFlight === 0)
    return !isOver && findings.length > 0 && isSettled
  }

  async #hasNews(): Promise<boolean> {
    try {
      return await this.#options.hasNews()
    } catch {
      // The audit will say which source does not answer.
      return true
    }
  }

  #tell(report: Report): void {
    this.last = report
    this.#lastAudit.set(Date.parse(report.at) / 1_000)
    for (const { id, violations, status, offenders, says } of report.findings) {
      this.#violations.set({ invariant: id }, violations)
      this.#undecided.set({ invariant: id }, status === 'does not run' ? 1 : 0)
      if (violations > 0) {
        const context = { invariant: id, says, violations, offenders }
        this.#options.log.warn(context, 'an invariant is violated')
      }
    }
  }
}
