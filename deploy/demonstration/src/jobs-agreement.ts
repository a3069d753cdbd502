import { intervalsInUse, secondsOf } from '@tenseams/flink-jobs/run/kept-intervals'
import type { Comparison } from './agreement.ts'
import { demonstrationSeconds, demonstrationSettings } from './settings.ts'

/** Runs DuckDB SQL over the lake. */
export type AskLake = (sql: string) => Promise<readonly Readonly<Record<string, unknown>>[]>

/** The lengths of a job's windows, gaps and terms in seconds; those that it does not have are of no use to it. */
type Seconds = Readonly<Record<keyof typeof demonstrationSeconds, number>>

/**
 * The rows that a job must have written, computed from bronze, and those that it wrote to gold. Both queries return a name, a
 * text and the event time, in milliseconds, at which the row is final; a duplicated row has its name twice.
 */
type ExpectedAndFound = { readonly due: string; readonly found: string }

/** Redelivered events count once. Late events are in the late output instead, and left out here. */
const orders = (late: string): string => `
  SELECT stream_id, min(occurred_at) AS event_time, any_value(placed.customer_id) AS customer_id,
         any_value(placed.currency) AS currency, any_value(placed.total_minor) AS minor
    FROM bronze.orders_order_v1 WHERE type = 'OrderPlaced'
     AND event_id NOT IN (SELECT event_id FROM ${late} WHERE input = 'order') GROUP BY stream_id`

const paidOrders = (late: string, { skew, term }: Seconds): string => `
  SELECT o.*, p.stream_id IS NOT NULL AS is_paid, p.minor AS paid_minor, p.event_time AS paid_time,
         epoch_ms(p.event_time) - epoch_ms(o.event_time) AS time_to_pay_ms
    FROM (${orders(late)}) AS o LEFT JOIN (
      SELECT stream_id, min(occurred_at) AS event_time, any_value(captured.amount_minor) AS minor
        FROM bronze.payments_payment_v1 WHERE type = 'PaymentCaptured'
         AND event_id NOT IN (SELECT event_id FROM ${late} WHERE input = 'payment') GROUP BY stream_id
    ) AS p ON o.stream_id = p.stream_id
     AND p.event_time BETWEEN o.event_time - ${interval(skew)} AND o.event_time + ${interval(term)}`

const rates = ({ slide, size }: Seconds): ExpectedAndFound => ({
  due: `
    WITH attempts AS (
      SELECT event_id, any_value(coalesce(authorised.method, captured.method, declined.method)) AS method,
             any_value(declined.method IS NOT NULL) AS is_declined, min(occurred_at) AS event_time
        FROM bronze.payments_payment_v1
       WHERE version = 1 AND coalesce(declined.reason, '') <> 'order-cancelled'
         AND coalesce(authorised.method, captured.method, declined.method) IS NOT NULL
         AND event_id NOT IN (SELECT event_id FROM gold.payment_failure_rate_late) GROUP BY event_id
    ), slides AS (
      SELECT *, epoch_ms(event_time) // ${ms(slide)} * ${ms(slide)}
                - unnest(range(0, ${ms(size)}, ${ms(slide)})) AS starts FROM attempts
    )
    SELECT method || ' ' || starts AS name,
           count(*) || ' attempts, ' || count(*) FILTER (is_declined) || ' declined' AS row,
           starts + ${ms(size)} AS final_ms
      FROM slides GROUP BY method, starts`,
  found: `
    SELECT method || ' ' || epoch_ms(window_start) AS name,
           attempts || ' attempts, ' || declined || ' declined' AS row, epoch_ms(window_end) AS final_ms
      FROM gold.payment_failure_rate`,
})

const orderToCash = (seconds: Seconds): ExpectedAndFound => ({
  due: `
    SELECT stream_id AS name,
           CASE WHEN is_paid THEN 'paid ' || paid_minor || ' after ' || time_to_pay_ms ELSE 'unpaid ' || minor END AS row,
           epoch_ms(CASE WHEN is_paid THEN paid_time ELSE event_time + ${interval(seconds.term)} END) AS final_ms
      FROM (${paidOrders('gold.order_to_cash_late', seconds)})`,
  found: `
    SELECT stream_id AS name, 'paid ' || amount_minor || ' after ' || time_to_pay_ms AS row, epoch_ms(paid_at) AS final_ms
      FROM gold.order_to_cash_paid
    UNION ALL SELECT stream_id, 'unpaid ' || amount_minor, epoch_ms(due_at) FROM gold.order_to_cash_unpaid`,
})

/** The join before the sessions holds their watermark back by the term. */
const sessions = (seconds: Seconds): ExpectedAndFound => ({
  due: `
    WITH gaps AS (
      SELECT *, coalesce(event_time - lag(event_time) OVER shopper > ${interval(seconds.gap)}, true) AS begins
        FROM (${paidOrders('gold.shopper_sessions_late', seconds)})
      WINDOW shopper AS (PARTITION BY customer_id, currency ORDER BY event_time, stream_id)
    ), numbered AS (
      SELECT *, count(*) FILTER (begins) OVER (
               PARTITION BY customer_id, currency ORDER BY event_time, stream_id ROWS UNBOUNDED PRECEDING
             ) AS session FROM gaps
    )
    SELECT customer_id || ' ' || currency || ' ' || epoch_ms(min(event_time)) AS name,
           epoch_ms(max(event_time) + ${interval(seconds.gap)}) || ' ' || count(*) || ' ' || sum(minor) || ' '
             || count(*) FILTER (is_paid) || ' ' || coalesce(sum(time_to_pay_ms), 0) AS row,
           epoch_ms(max(event_time)) + ${ms(seconds.gap + seconds.term)} AS final_ms
      FROM numbered GROUP BY customer_id, currency, session`,
  found: `
    SELECT customer_id || ' ' || currency || ' ' || epoch_ms(window_start) AS name,
           epoch_ms(window_end) || ' ' || orders || ' ' || amount_minor || ' ' || paid_orders || ' '
             || time_to_pay_ms AS row, epoch_ms(window_end) + ${ms(seconds.term)} AS final_ms FROM gold.shopper_sessions`,
})

const jobs = {
  'payment-failure-rate': rates,
  'order-to-cash': orderToCash,
  'shopper-sessions': sessions,
}

export type Compared = {
  /** Flink's folder of the instance, where the intervals of each job's state are kept. */
  readonly stateFolder: string
  /** Rows that become final after this event time are not compared; all are when it is left out. */
  readonly finalBeforeMs?: number
}

/**
 * Each row that a job must have written exists, and no other. revenue-per-minute is compared by its sums elsewhere
 * (agreement.ts), since late money is folded into it.
 *
 * @throws LakehouseError while a table does not exist yet.
 */
export async function compareJobs(
  ask: AskLake,
  { stateFolder, finalBeforeMs = Number.MAX_SAFE_INTEGER }: Compared,
): Promise<readonly Comparison[]> {
  const all: Comparison[] = []
  for (const [job, queriesOf] of Object.entries(jobs)) {
    const queries = queriesOf(secondsInUse(stateFolder, job))
    all.push(...(await compareJob(ask, job, queries, finalBeforeMs)))
  }
  return all
}

/** The lengths with which a job runs in this instance: those of its state, which may be older than this demonstration. */
export function secondsInUse(stateFolder: string, job: string): Seconds {
  const intervals = intervalsInUse(stateFolder, job, demonstrationSettings.intervals)
  const own = Object.entries(intervals).map(([mark, value]) => [mark, secondsOf(value)])
  return { ...demonstrationSeconds, ...Object.fromEntries(own) }
}

async function compareJob(
  ask: AskLake,
  job: string,
  { due, found }: ExpectedAndFound,
  finalBeforeMs: number,
): Promise<readonly Comparison[]> {
  const final = (query: string) =>
    `SELECT name, row FROM (${query}) WHERE final_ms < ${finalBeforeMs}`
  const [row = {}] = await ask(
    `WITH due AS (${final(due)}), found AS (${final(found)})
     SELECT (SELECT count(*) FROM due) AS due, (SELECT count(*) FROM found) AS found,
            (SELECT count(*) FROM due SEMI JOIN found USING (name, row)) AS same`,
  )
  const expected = BigInt(String(row.due))
  return [
    { what: `correct rows of ${job}`, expected, found: BigInt(String(row.same)) },
    { what: `rows of ${job}`, expected, found: BigInt(String(row.found)) },
  ]
}

function interval(count: number): string {
  return `INTERVAL ${count} SECOND`
}

function ms(count: number): number {
  return count * 1_000
}
