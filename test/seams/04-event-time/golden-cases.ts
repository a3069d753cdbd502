import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { AvroField } from '@tenseams/codec/avro'
import { isNullable } from '@tenseams/codec/avro'
import type { OrderEvent } from '@tenseams/contracts/generated/orders.order.v1'
import type { PaymentEvent } from '@tenseams/contracts/generated/payments.payment.v1'
import { currentSchema } from '@tenseams/contracts/schemas'

/** A row of an expected file: its topic, and times in seconds since the beginning of its case. */
export type OutputRow = Readonly<Record<string, unknown>>

/** One line of an input file. Without `tick` it is an event, in the topic that its branch belongs to. */
export type CaseLine = {
  /** Only advances time, in these partitions (default: all) of this topic (default: all that the job reads). */
  readonly tick?: number
  readonly partitions?: readonly number[]
  readonly topic?: string
  readonly partition?: number
  readonly at?: number
  readonly id?: string
  /** The stream; the event's id unless it is given. */
  readonly order?: string
  readonly version?: number
  readonly placed?: Readonly<Record<string, unknown>>
  readonly captured?: Readonly<Record<string, unknown>>
  readonly authorised?: Readonly<Record<string, unknown>>
  readonly declined?: Readonly<Record<string, unknown>>
}

export type GoldenCase = {
  readonly name: string
  readonly lines: readonly CaseLine[]
  readonly expected: readonly OutputRow[]
  /** The time of the case's second 0. The cases of a job share its run: each has a day of its own and begins at noon. */
  readonly beginning: number
  readonly day: number
}

export type SentRecord = {
  readonly topic: string
  readonly partition: number
  readonly event: OrderEvent | PaymentEvent
}

const orders = 'orders.order.v1'
const payments = 'payments.payment.v1'
const firstDay = Date.UTC(2026, 0, 1)
const dayMs = 86_400_000
const hourMs = 3_600_000
const everyPartition = [0, 1, 2, 3]

/** The cases of a job's folder, except those with faults of the cluster, which late-rows.test.ts runs. */
export function goldenCases(job: string): readonly GoldenCase[] {
  const folder = new URL(`../../../flink-jobs/${job}/cases/`, import.meta.url)
  return readdirSync(folder)
    .filter((file) => file.endsWith('.input.jsonl'))
    .map((file) => ({ file, name: file.replace(/\.input\.jsonl$/, '') }))
    .filter(({ file }) => !linesOf(new URL(file, folder)).some((line) => 'do' in line))
    .map(({ file, name }, index) => {
      const expected = new URL(`${name}.expected.jsonl`, folder)
      if (!existsSync(expected)) throw new Error(`${job}/cases/${name}.expected.jsonl is missing`)
      return {
        name,
        lines: linesOf(new URL(file, folder)) as readonly CaseLine[],
        expected: linesOf(expected),
        day: index,
        beginning: beginningOf(index),
      }
    })
}

const beginningOf = (day: number): number => firstDay + day * dayMs + 12 * hourMs

/** The records of a case, in order, and a tick in every partition six hours later, which closes all windows. */
export function recordsOf(
  { lines, beginning }: GoldenCase,
  reads: readonly string[],
): readonly SentRecord[] {
  return [...lines, { tick: (6 * hourMs) / 1_000 }].flatMap((line) => {
    if (line.tick === undefined) return [recordOf(line, beginning)]
    const { tick } = line
    const topics = line.topic === undefined ? reads : [line.topic]
    return topics.flatMap((topic) =>
      (line.partitions ?? everyPartition).map((partition) => {
        const envelope = {
          ...envelopeOf({ id: `tick-${tick}`, at: tick }, beginning),
          type: 'tick',
        }
        const empty = topic === orders ? noOrder : noPayment
        return { topic, partition, event: { ...envelope, ...empty } }
      }),
    )
  })
}

function recordOf(line: CaseLine, beginning: number): SentRecord {
  const { partition = 0, placed, captured, authorised, declined } = line
  const envelope = envelopeOf(line, beginning)
  if (placed !== undefined) {
    const event = { ...envelope, type: 'OrderPlaced', ...noOrder, placed: placedOf(placed) }
    return { topic: orders, partition, event }
  }
  const branches = {
    captured: captured === undefined ? null : moneyOf(captured),
    authorised: authorised === undefined ? null : moneyOf(authorised),
    declined: declined === undefined ? null : { method: 'card', reason: 'no funds', ...declined },
  }
  const type = Object.entries(types).find(([branch]) => branch in line)?.[1]
  if (type === undefined) throw new Error(`no branch in ${JSON.stringify(line)}`)
  return { topic: payments, partition, event: { ...envelope, type, ...noPayment, ...branches } }
}

const types = {
  captured: 'PaymentCaptured',
  authorised: 'PaymentAuthorised',
  declined: 'PaymentDeclined',
}

const noOrder = {
  ...{ placed: null, confirmed: null, rejected: null },
  ...{ cancelled: null, completed: null, refunded: null },
}

const noPayment = {
  ...{ captured: null, declined: null, authorised: null },
  ...{ voided: null, refunded: null, returned: null },
}

function envelopeOf({ id = '', order = id, at = 0, version = 1 }: CaseLine, beginning: number) {
  const occurredAt = beginning + at * 1_000
  return { eventId: id, streamId: order, version: BigInt(version), occurredAt, traceparent: null }
}

function moneyOf(given: Readonly<Record<string, unknown>>) {
  const { amountMinor = 100 } = given
  const money = { paymentId: 'p', method: 'card', currency: 'EUR', ...given }
  return { ...money, amountMinor: BigInt(Number(amountMinor)) }
}

function placedOf(given: Readonly<Record<string, unknown>>) {
  const { totalMinor = 100 } = given
  const defaults = { customerId: 'c', currency: 'EUR', paymentMethod: 'card', lines: [] }
  return { ...defaults, ...given, totalMinor: BigInt(Number(totalMinor)) }
}

/** Cases share partitions, so a record's offset depends on the cases before it. */
const places = new Set(['kafkaOffset'])

/** A row as in the expected files; the day of its first time tells its case. */
export function plainRow(topic: string, row: OutputRow): { day: number; row: OutputRow } {
  const times = new Set(timeFields(topic))
  const first = Object.entries(row).find(([field]) => times.has(field))
  const day = Math.floor((Number(first?.[1]) - firstDay) / dayMs)
  const beginning = beginningOf(day)
  const told = Object.entries(row).filter(([field]) => !places.has(field))
  const fields = told.map(([field, value]) => {
    if (times.has(field)) return [field, (Number(value) - beginning) / 1_000]
    return [field, typeof value === 'bigint' ? Number(value) : value]
  })
  return { day, row: { topic, ...Object.fromEntries(fields) } }
}

export function timeFields(topic: string): readonly string[] {
  const { schema } = currentSchema(topic)
  return schema.fields.filter((field) => isTime(field.type)).map((field) => field.name)
}

function isTime(type: AvroField['type']): boolean {
  const of = isNullable(type) ? type[1] : type
  return typeof of === 'object' && 'logicalType' in of && of.logicalType === 'timestamp-millis'
}

function linesOf(file: URL): readonly OutputRow[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}
