import { createHash } from 'node:crypto'
import type { OrderEvent } from '@tenseams/contracts/generated/orders.order.v1'
import { randomOf } from '../eos/schedule.ts'

export const TOPIC = 'orders.order.v1'
export const TABLE = { namespace: 'bronze', name: 'orders_order_v1' }
export const PARTITIONS = 4
/** The header that says which record it is. */
export const NUMBER_HEADER = 'record'

const EPOCH_MS = 1_700_000_000_000

/** `tick`s and what cannot be decoded lie in the log, and are no rows. */
export type RecordKind = 'event' | 'tick' | 'undecodable'

/** A record of the proof. Seed and number say all of it, so that whoever judges needs neither writer nor sink. */
export type ProofRecord = {
  readonly number: number
  readonly partition: number
  readonly kind: RecordKind
  readonly event: OrderEvent
}

/** A transaction of the proof: the records from `first` on, and how it is meant to end. */
export type PlannedTransaction = {
  readonly first: number
  readonly count: number
  readonly end: 'commit' | 'abort'
}

const LARGEST_TRANSACTION = 400
const ABORTED_SHARE = 0.15

/** Every transaction of a seed, one after another, without an end. */
export function* transactionsOf(seed: number): Generator<PlannedTransaction, never> {
  const random = randomOf(seed)
  for (let first = 0; ; ) {
    const count = 1 + Math.floor(random() * LARGEST_TRANSACTION)
    yield { first, count, end: random() < ABORTED_SHARE ? 'abort' : 'commit' }
    first += count
  }
}

/** The record of a number. Every 50th is a tick, every 1 000th not to be decoded. */
export function recordOf(seed: number, number: number): ProofRecord {
  const digest = createHash('md5').update(`${seed} ${number}`).digest()
  return {
    number,
    partition: (digest[0] ?? 0) % PARTITIONS,
    kind: kindOf(number),
    event: eventOf(number, digest),
  }
}

function kindOf(number: number): RecordKind {
  if (number % 1_000 === 999) return 'undecodable'
  return number % 50 === 49 ? 'tick' : 'event'
}

function eventOf(number: number, digest: Buffer): OrderEvent {
  const isPlaced = number % 2 === 0
  const hex = digest.toString('hex')
  return {
    eventId: `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`,
    streamId: `order-${Math.floor(number / 2)}`,
    version: BigInt((number % 2) + 1),
    type: typeOf(number, isPlaced),
    occurredAt: EPOCH_MS + number,
    traceparent: number % 3 === 0 ? `00-${hex}-${hex.slice(0, 16)}-01` : null,
    placed: isPlaced && kindOf(number) === 'event' ? placedOf(number, digest) : null,
    confirmed: null,
    rejected: null,
    cancelled: null,
    completed: isPlaced || kindOf(number) !== 'event' ? null : { shipmentId: `shipment-${hex}` },
    refunded: null,
  }
}

function typeOf(number: number, isPlaced: boolean): string {
  if (kindOf(number) === 'tick') return 'tick'
  return isPlaced ? 'OrderPlaced' : 'OrderCompleted'
}

function placedOf(number: number, digest: Buffer): OrderEvent['placed'] {
  const lines = Array.from({ length: 1 + (number % 3) }, (_, line) => ({
    sku: `sku-${digest[line]}`,
    quantity: line + 1,
    // Above 2^53 now and then: a client that reads them as doubles is found out.
    priceMinor: digest.readBigUInt64BE(line) >> 4n,
  }))
  return {
    customerId: `customer-${digest.readUInt16BE(3)}`,
    currency: 'EUR',
    totalMinor: digest.readBigUInt64BE(5) >> 2n,
    paymentMethod: 'card',
    lines,
  }
}

/**
 * The values of a row as one text, which each reader makes by its own means (reading.ts, pyiceberg.py): equal texts are
 * equal rows.
 */
export function textOf({ event }: ProofRecord, writtenAtMs: bigint): string {
  const { placed, completed } = event
  const lines = placed?.lines.map(
    ({ sku, quantity, priceMinor }) => `${sku}:${quantity}:${priceMinor}`,
  )
  return [
    ...[
      event.eventId,
      event.streamId,
      event.version,
      event.type,
      BigInt(event.occurredAt) * 1_000n,
    ],
    ...[writtenAtMs * 1_000n, event.traceparent, placed?.customerId, placed?.currency],
    ...[placed?.totalMinor, placed?.paymentMethod, lines?.join(','), completed?.shipmentId],
  ]
    .map((value) => value ?? '')
    .join('|')
}

export const sumOf = (text: string): string => createHash('md5').update(text).digest('hex')
