import { openKafka } from '@tenseams/kafka/client'
import { openProducer } from '@tenseams/kafka/ownership'
import type { Stack } from '@tenseams/local/stack'
import { eventually } from '@tenseams/local/wait'
import type pg from 'pg'
import { readTopics } from '../../kafka.ts'
import type { Verdict } from '../claim.ts'
import { auditNow, isRefuted, linesOf } from './audit.ts'
import type { Journal } from './journal.ts'

export const breaks = {
  'no-idempotency-key': 'the payment provider takes a repeated key for a new one',
  'auto-commit': 'payments commits offsets before their effect',
  'read-uncommitted': 'the lakehouse reads records of aborted transactions',
} as const

export const brokenParts = { 'auto-commit': 'payments', 'read-uncommitted': 'lakehouse' } as const

const SHIPMENTS = 'fulfilment.shipment.v1'
const ROUNDS = 10
const ABORTED_COPIES = 20

const provocations: Readonly<Record<string, (stack: Stack, shop: pg.Pool) => Promise<void>>> = {
  'no-idempotency-key': (stack) =>
    setFaults(stack, [
      { kind: 'ignore-keys', every: 1, operation: 'capture' },
      { kind: 'lose-answer', every: 5, operation: 'capture' },
    ]),
  'auto-commit': killInsideTheEffect,
  'read-uncommitted': abortCopies,
}

/**
 * The provocation that the missing guard cannot take, again and again until the auditor has found what it leads to. When it
 * never does, the claim seems to hold without the guard: then the proof itself is at fault.
 */
export async function untilFound(
  stack: Stack,
  shop: pg.Pool,
  journal: Journal,
  broken: string,
): Promise<Verdict> {
  await someCompleted(shop)
  for (let round = 1; round <= ROUNDS; round += 1) {
    await provocations[broken]?.(stack, shop)
    journal.note('provoked', { broken, round })
    await someCompleted(shop)
    const report = await auditNow(stack)
    if (isRefuted(report)) return { kind: 'refuted', lines: linesOf(report) }
  }
  return { kind: 'holds', lines: [`${ROUNDS} provocations, and nothing was found`] }
}

async function someCompleted(shop: pg.Pool): Promise<void> {
  const completed = async () => {
    const { rows } = await shop.query<{ n: string }>(
      `select count(*) as n from orders.events where type = 'OrderCompleted'`,
    )
    return Number(rows[0]?.n)
  }
  const before = await completed()
  const isMore = async () => (await completed()) >= before + 20
  await eventually(isMore, { timeoutMs: 90_000, what: 'orders to be completed' })
}

/** The provider is slow, so that a kill meets payments between an offset's commit and its effect. */
async function killInsideTheEffect(stack: Stack, shop: pg.Pool): Promise<void> {
  await setFaults(stack, [{ kind: 'slow', every: 1, delayMs: 1_500 }])
  const waiting = async () => {
    const { rowCount } = await shop.query(
      `select from orders.events where type = 'OrderPlaced'
          and stream_id not in (select stream_id from payments.events) limit 1`,
    )
    return rowCount === 1
  }
  await eventually(waiting, { timeoutMs: 30_000, what: 'an order to wait for the provider' })
  await stack.kill('payments')
  await setFaults(stack, [])
  await stack.restart('payments')
}

/** Copies of shipments in a transaction that is aborted: with the ids of those that are there, so no inbox takes them. */
async function abortCopies(stack: Stack): Promise<void> {
  const { kafkaBrokers } = stack.endpoints
  const reading = await readTopics(kafkaBrokers, [SHIPMENTS])
  const areThere = () => reading.records.length >= ABORTED_COPIES
  await eventually(async () => areThere(), { timeoutMs: 30_000, what: 'shipments to copy' })
  await reading.close()
  const kafka = openKafka({ brokers: kafkaBrokers, clientId: 'stranger' })
  const producer = await openProducer({ kafka, transactionTimeoutMs: 30_000 }, 'stranger')
  const transaction = await producer.transaction()
  const messages = reading.records
    .slice(0, ABORTED_COPIES)
    .map(({ key, value, headers }) => ({ key, value, headers }))
  await transaction.send({ topic: SHIPMENTS, acks: -1, messages })
  await transaction.abort()
  await producer.disconnect()
}

async function setFaults({ endpoints }: Stack, faults: readonly object[]): Promise<void> {
  const response = await fetch(`${endpoints.paymentProviderUrl}/faults`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(faults),
    signal: AbortSignal.timeout(10_000),
  })
  if (!response.ok) throw new Error(`the provider answers ${response.status}`)
}
