import { setTimeout as delay } from 'node:timers/promises'
import type { Codec } from '@tenseams/codec/codec'
import type { PaymentEvent } from '@tenseams/contracts/generated/payments.payment.v1'
import { cancelJob, rescaleJob, waitUntilRunning } from '@tenseams/flink-jobs/flink/cluster'
import { call } from '@tenseams/flink-jobs/flink/http'
import { runScript } from '@tenseams/flink-jobs/run/run-script'
import { type Job, withIntervals } from '@tenseams/flink-jobs/script/job'
import { eventually } from '@tenseams/local/launcher/host/wait'
import type { Stack } from '@tenseams/local/launcher/supervise/stack'
import type { Producer } from 'kafkajs'
import type { Arrivals } from './arrivals.ts'
import { capturedAt, paymentsTopic, send } from './load.ts'
import { scriptFor } from './race.ts'

export type Steady = {
  readonly offeredPerSecond: number
  readonly achievedPerSecond: number
  /** The age of the newest window before the first rescaling. */
  readonly usualLagMs: number
  /** Each from the request until the newest window was as recent as before. */
  readonly rescaledMs: readonly number[]
  readonly checkpoints: { readonly count: number; readonly p50: number; readonly p99: number }
}

const EVERY_MS = 50
const SETTLE_MS = 120_000
const BETWEEN_MS = 12_000
const TOLERANCE_MS = 1_000

/** A tumbling job of one second under a constant load of payments in real time, rescaled 1→2→1 several times. */
export async function steady(
  stack: Stack,
  job: Job,
  { producer, codec, arrivals }: { producer: Producer; codec: Codec; arrivals: Arrivals },
  { perSecond, times }: { perSecond: number; times: number },
): Promise<Steady> {
  const flink = { ...stack.endpoints, gatewayUrl: stack.endpoints.sqlGatewayUrl }
  const second = withIntervals(job, { window: "INTERVAL '1' SECOND" })
  const script = scriptFor(stack, { job: second, settings: {} })
  const stopping = new AbortController()
  const selling = sell(producer, codec, perSecond, stopping.signal)
  try {
    const id = await runScript(second, script, flink)
    await waitUntilRunning(flink.flinkUrl, id, SETTLE_MS)
    const lag = () => Date.now() - arrivals.newestEndMs
    await eventually(() => lag() < 10_000, { timeoutMs: SETTLE_MS, what: 'the job to catch up' })
    await delay(BETWEEN_MS)
    const usualLagMs = await worstLag(lag)
    const rescaledMs: number[] = []
    for (let at = 0; at < times; at++) {
      const begun = performance.now()
      await rescaleJob(flink, id, at % 2 === 0 ? 2 : 1, SETTLE_MS)
      await eventually(() => lag() <= usualLagMs + TOLERANCE_MS, {
        ...{ timeoutMs: SETTLE_MS, intervalMs: 20, what: 'lag 0' },
      })
      rescaledMs.push(performance.now() - begun)
      // Waits for the next checkpoint.
      await delay(BETWEEN_MS)
    }
    const checkpoints = await checkpointsOf(flink.flinkUrl, id)
    await cancelJob(flink, id)
    stopping.abort()
    const achievedPerSecond = await selling
    return { offeredPerSecond: perSecond, achievedPerSecond, usualLagMs, rescaledMs, checkpoints }
  } finally {
    stopping.abort()
    await selling.catch(() => undefined)
  }
}

/** The greatest of three seconds, because a window of one second comes once a second. */
async function worstLag(lag: () => number): Promise<number> {
  let worst = 0
  const end = performance.now() + 3_000
  while (performance.now() < end) {
    worst = Math.max(worst, lag())
    await delay(20)
  }
  return worst
}

/** Open loop: each payment has its intended time. @returns how many were sent per second. */
async function sell(
  producer: Producer,
  codec: Codec,
  perSecond: number,
  signal: AbortSignal,
): Promise<number> {
  const { encode } = await codec.encoder<PaymentEvent>(paymentsTopic)
  const begun = Date.now()
  let sent = 0
  while (!signal.aborted) {
    const due = Math.floor(((Date.now() - begun) * perSecond) / 1_000)
    const records = Array.from({ length: due - sent }, (_, index) => {
      const at = begun + Math.floor(((sent + index) * 1_000) / perSecond)
      const order = { id: `steady-${begun}-${sent + index}`, currency: 'EUR' }
      return { partition: (sent + index) % 4, event: capturedAt(order, at) }
    })
    if (records.length > 0) await send(producer, paymentsTopic, records, encode)
    sent = due
    await delay(EVERY_MS, undefined, { signal }).catch(() => undefined)
  }
  return (sent / (Date.now() - begun)) * 1_000
}

async function checkpointsOf(flinkUrl: string, id: string): Promise<Steady['checkpoints']> {
  const answer = await call(`${flinkUrl}/v1/jobs/${id}/checkpoints`, { timeoutMs: 10_000 })
  // Flink's documented shape (REST API, /jobs/:jobid/checkpoints).
  const { counts, summary } = answer as {
    readonly counts: { readonly completed: number }
    readonly summary: {
      readonly end_to_end_duration: { readonly p50: number; readonly p99: number }
    }
  }
  const { p50, p99 } = summary.end_to_end_duration
  return { count: counts.completed, p50, p99 }
}
