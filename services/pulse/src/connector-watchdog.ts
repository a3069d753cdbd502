import { isDeepStrictEqual } from 'node:util'
import type { HttpLogin } from '@tenseams/identities/http-login'
import { Periodic } from '@tenseams/service/periodic'
import { openCounter } from '@tenseams/telemetry/instruments'
import type { Log } from '@tenseams/telemetry/log'
import type pg from 'pg'
import type { Registry } from 'prom-client'
import { ConnectorStates } from './connector-states.ts'
import { decide, type Seen, unwatched, type Watch } from './connector-watch.ts'

const PAUSE_MS = 5_000
const REQUEST_TIMEOUT_MS = 10_000

export type WatchdogOptions = {
  /** Kafka Connect's REST address. */
  readonly connectUrl: string
  readonly login: HttpLogin
  readonly pool: pg.Pool
  readonly metrics: Registry
  readonly log: Pick<Log, 'warn' | 'error'>
}

/**
 * Looks at Kafka Connect's connectors every five seconds and restarts what has failed, within the bounds of
 * connector-watch.ts. What it did is in the table `cdc.watchdog`, so the bounds hold after a crash, and
 * `npm run cdc -- status` shows it. While Connect or Postgres is away it does nothing: the connectors need both.
 */
export class ConnectorWatchdog {
  readonly #options: WatchdogOptions
  readonly #rounds: Periodic<void>
  readonly #restarts
  readonly #states: ConnectorStates

  constructor(options: WatchdogOptions) {
    this.#options = options
    this.#restarts = openCounter(options.metrics, 'tenseams_connector_restarts_total')
    this.#states = new ConnectorStates(options.metrics)
    this.#rounds = new Periodic({
      work: () => this.#look(),
      pauseMs: PAUSE_MS,
      onError: (error) => options.log.warn({ err: error }, 'the connectors cannot be watched'),
    })
  }

  start(): void {
    this.#rounds.start()
  }

  close(): Promise<void> {
    return this.#rounds.close()
  }

  async #look(): Promise<void> {
    const seen = await this.#ask('/connectors?expand=status', 'GET')
    this.#states.tell(seen as Connectors | undefined)
    if (seen === undefined) return
    const watches = await this.#watches()
    for (const [name, { status }] of Object.entries(seen as Connectors)) {
      // Prometheus sees no increase in a series that appears at 1.
      this.#restarts.inc({ connector: name }, 0)
      await this.#decide(name, watches.get(name) ?? unwatched, seenOf(status))
    }
  }

  /** What is remembered is written before the restart: after a crash in between, one restart is counted that was not made. */
  async #decide(name: string, known: Watch, seen: Seen): Promise<void> {
    const { watch, act } = decide(known, seen, Date.now())
    // A connector that has never failed has no row.
    const hasFailed = known.sinceMs !== undefined || watch.sinceMs !== undefined
    if (hasFailed && !isDeepStrictEqual(known, watch)) await this.#keep(name, watch)
    const { log } = this.#options
    const what = { connector: name, reason: watch.reason, restarts: watch.restarts }
    if (act === 'give up') log.error(what, 'the connector fails again and again')
    if (act !== 'restart') return
    log.warn(what, 'restarting the connector')
    this.#restarts.inc({ connector: name })
    const path = `/connectors/${encodeURIComponent(name)}/restart`
    await this.#ask(`${path}?includeTasks=true&onlyFailed=true`, 'POST')
  }

  /** Undefined while Connect does not answer, or its workers rebalance. */
  async #ask(path: string, method: 'GET' | 'POST'): Promise<unknown> {
    try {
      const signal = AbortSignal.any([AbortSignal.timeout(REQUEST_TIMEOUT_MS), this.#rounds.signal])
      const { connectUrl, login } = this.#options
      const headers = { authorization: await login() }
      const response = await fetch(`${connectUrl}${path}`, { method, headers, signal })
      if (response.status === 401) {
        this.#options.log.error({ path }, 'Connect does not know the token of this identity')
      }
      const text = await response.text()
      return response.ok && text !== '' ? JSON.parse(text) : undefined
    } catch {
      // Nothing can be said about connectors that nobody answers for; the launcher watches Connect itself.
      return undefined
    }
  }

  async #watches(): Promise<ReadonlyMap<string, Watch>> {
    const { rows } = await this.#options.pool.query<WatchRow>(
      `select connector, restarts, reason, extract(epoch from since) * 1000 as since_ms,
              extract(epoch from running_since) * 1000 as running_since_ms, given_up from cdc.watchdog`,
    )
    return new Map(rows.map((row) => [row.connector, watchOf(row)]))
  }

  async #keep(name: string, watch: Watch): Promise<void> {
    await this.#options.pool.query(
      `insert into cdc.watchdog (connector, restarts, reason, since, running_since, given_up)
       values ($1, $2, $3, to_timestamp($4::float8 / 1000), to_timestamp($5::float8 / 1000), $6)
       on conflict (connector) do update set restarts = excluded.restarts, reason = excluded.reason,
         since = excluded.since, running_since = excluded.running_since, given_up = excluded.given_up`,
      [
        ...[name, watch.restarts, watch.reason, watch.sinceMs ?? null],
        ...[watch.runningSinceMs ?? null, watch.givenUp],
      ],
    )
  }
}

type ConnectorStatus = {
  readonly connector: { readonly state: string; readonly trace?: string }
  readonly tasks: readonly { readonly state: string; readonly trace?: string }[]
}
type Connectors = Readonly<Record<string, { readonly status: ConnectorStatus }>>

/** Connect's states, as far as they matter here. */
export function seenOf({ connector, tasks }: ConnectorStatus): Seen {
  const failed = [connector, ...tasks].find(({ state }) => state === 'FAILED')
  if (failed !== undefined) return { state: 'failed', reason: causeIn(failed.trace) }
  const isRunning = connector.state === 'RUNNING' && tasks.length > 0
  return { state: isRunning ? 'running' : 'other', reason: '' }
}

/** The innermost cause of a Java stack trace: the outermost one often says only that a callback has failed. */
function causeIn(trace = ''): string {
  return (trace.split(/^\s*Caused by: /m).at(-1) ?? trace).split('\n')[0]?.trim() ?? ''
}

type WatchRow = {
  readonly connector: string
  readonly restarts: number
  readonly reason: string
  readonly since_ms: string | null
  readonly running_since_ms: string | null
  readonly given_up: boolean
}

function watchOf(row: WatchRow): Watch {
  const timeOf = (text: string | null) => (text === null ? undefined : Math.round(Number(text)))
  return {
    ...{ restarts: row.restarts, reason: row.reason, givenUp: row.given_up },
    sinceMs: timeOf(row.since_ms),
    runningSinceMs: timeOf(row.running_since_ms),
  }
}
