import { setTimeout as delay } from 'node:timers/promises'
import { openCodec } from '@tenseams/contracts/codec'
import type { OrderEvent } from '@tenseams/contracts/generated/orders.order.v1'
import { authorizationIn } from '@tenseams/identities/authorization'
import type { Stack } from '@tenseams/local/launcher/supervise/stack'
import { openKafka } from '../../support/login.ts'
import { Seen } from './seen.ts'

/** Follows orders until it is closed. */
export type Reader = {
  readonly seen: Seen
  /** Questions to Postgres, and rows that they returned. */
  readonly asked: { statements: number; rows: number }
  /** The newest time of a change that it has passed, for a reader by time. */
  readonly passedMs: () => number
  close(): Promise<void>
}

const TOPIC = 'orders.order.v1'

/** Reads the topic of orders, from the beginning. */
export async function readLog({ endpoints }: Stack): Promise<Reader> {
  const codec = openCodec(endpoints.registryUrl)
  const kafka = openKafka({ brokers: endpoints.kafkaBrokers, clientId: 'stream-first' })
  const consumer = kafka.consumer({
    groupId: `test-stream-first-${process.pid}`,
    ...{ readUncommitted: false, maxWaitTimeInMs: 100, allowAutoTopicCreation: false },
  })
  const seen = new Seen()
  await consumer.connect()
  await consumer.subscribe({ topics: [TOPIC], fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ message }) => {
      const atMs = Date.now()
      const { value } = await codec.decode<OrderEvent>(TOPIC, message.value)
      if (value.type === 'tick' || value.type === 'barrier') return
      seen.add({ orderId: value.streamId, version: Number(value.version), atMs })
    },
  })
  const asked = { statements: 0, rows: 0 }
  return { seen, asked, passedMs: () => 0, close: () => consumer.disconnect() }
}

export type Polling = {
  readonly intervalMs: number
  /** How far behind its position it reads again, and leaves out what it knows; 0: not at all. */
  readonly overlapMs: number
}

type Changes = {
  readonly changes: readonly {
    readonly orderId: string
    readonly version: number
    readonly updatedAt: string
  }[]
  readonly next: string
}

const LIMIT = 1_000
const REQUEST_TIMEOUT_MS = 10_000

/** Asks the system before the log for what was changed, again and again, as other systems do. */
export function pollChanges(stack: Stack, { intervalMs, overlapMs }: Polling): Reader {
  const seen = new Seen()
  const asked = { statements: 0, rows: 0 }
  const closing = new AbortController()
  let position = new Date().toISOString()

  const poll = async (): Promise<void> => {
    let after = overlapMs === 0 ? position : earlier(position, overlapMs)
    for (;;) {
      const { changes, next } = await changesAfter(stack, after)
      asked.statements += 1
      asked.rows += changes.length
      const atMs = Date.now()
      for (const { orderId, version, updatedAt } of changes) {
        if (overlapMs > 0 && seen.has(orderId, version)) continue
        seen.add({ orderId, version, atMs, changedAtMs: Date.parse(updatedAt) })
      }
      if (next > position) position = next
      if (changes.length < LIMIT) return
      after = next
    }
  }
  const running = (async () => {
    while (!closing.signal.aborted) {
      await poll()
      await delay(intervalMs, undefined, { signal: closing.signal }).catch(() => undefined)
    }
  })()
  running.catch(() => undefined)
  const close = () => {
    closing.abort()
    return running
  }
  return { seen, asked, passedMs: () => Date.parse(timeOf(position)), close }
}

const timeOf = (position: string): string => position.split('_')[0] ?? position

const earlier = (position: string, byMs: number): string =>
  new Date(Date.parse(timeOf(position)) - byMs).toISOString()

async function changesAfter({ endpoints, secrets }: Stack, after: string): Promise<Changes> {
  const url = `${endpoints.legacyUrl}/changes?limit=${LIMIT}&after=${encodeURIComponent(after)}`
  const response = await fetch(url, {
    headers: await authorizationIn(secrets.fileOf('load')),
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  })
  if (!response.ok) throw new Error(`${url} answers ${response.status}`)
  return (await response.json()) as Changes
}
