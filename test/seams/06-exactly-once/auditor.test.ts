import { randomUUID } from 'node:crypto'
import type { Finding, Report } from '@tenseams/auditor/report'
import { placeOrder, registerCustomers } from '@tenseams/demonstration/shop'
import { openKafka } from '@tenseams/kafka/client'
import { DurableProducer } from '@tenseams/kafka/producer'
import { eventually } from '@tenseams/local/launcher/host/wait'
import type { Stack } from '@tenseams/local/launcher/supervise/stack'
import type pg from 'pg'
import { expect, test } from 'vitest'
import { Load } from '../../proofs/eos/load.ts'
import { readTopics } from '../../support/kafka.ts'
import { withOwnStack } from '../../support/own-stack.ts'
import { adminPool } from '../../support/shop.ts'

const parts = ['connectors', 'orders', 'payments', 'fulfilment', 'pulse', 'lakehouse', 'auditor']
const ORDERS = 20
const CLEAN_AUDITS = 20

/** An instance of its own, since faults are planted in its very data, and other tests' records would be faults, too. */
test('the auditor raises nothing where nothing is wrong, and finds what is planted, by its name', async () => {
  await withOwnStack(parts, async (stack) => {
    const shop = adminPool(stack)
    const provider = adminPool(stack, 'provider')
    try {
      await fill(stack, shop)
      const load = new Load(stack.endpoints.ordersUrl, 5)
      load.start()
      for (let audit = 1; audit <= CLEAN_AUDITS; audit += 1) {
        expect(violationsOf(await auditNow(stack))).toEqual({})
      }
      await load.stop()
      const planted: Record<string, () => Promise<unknown>> = {
        'I3.capture': () => captureTwice(provider),
        I5: () =>
          shop.query(`update payments.entries set amount_minor = amount_minor + 1 where ctid =
                        (select ctid from payments.entries where account = 'held' limit 1)`),
        I6: () =>
          shop.query(`delete from orders.events where ctid = (select ctid from orders.events
                        where type = 'OrderConfirmed' limit 1)`),
        I13: () =>
          shop.query(`delete from orders.idempotency where ctid =
                        (select ctid from orders.idempotency limit 1)`),
        'I1.origin': () => sendAsStranger(stack),
      }
      const named = new Set<string>()
      for (const [id, plant] of Object.entries(planted)) {
        await plant()
        for (const found of Object.keys(violationsOf(await auditNow(stack)))) named.add(found)
        expect([...named]).toContain(id)
      }
    } finally {
      await Promise.all([shop.end(), provider.end()])
    }
  })
}, 400_000)

async function fill(stack: Stack, shop: pg.Pool): Promise<void> {
  const customers = await registerCustomers(stack.endpoints, 4)
  for (let index = 0; index < ORDERS; index += 1) {
    await placeOrder(stack.endpoints, customers, index)
  }
  const haveEnded = async () => {
    const { rows } = await shop.query<{ ended: string }>(
      `select count(*) as ended from orders.events where type in ('OrderCompleted', 'OrderRejected')`,
    )
    return Number(rows[0]?.ended) === ORDERS
  }
  await eventually(haveEnded, { timeoutMs: 90_000, what: 'every order to end' })
}

async function auditNow({ endpoints }: Stack): Promise<Report> {
  const response = await fetch(`${endpoints.auditorUrl}/audits`, {
    method: 'POST',
    signal: AbortSignal.timeout(120_000),
  })
  return (await response.json()) as Report
}

/** Gold is Flink's, which does not run here; every other verdict must have been reached. */
function violationsOf({ findings }: Report): Readonly<Record<string, readonly string[]>> {
  const undecided = findings.filter(({ status }) => status === 'does not run')
  expect(undecided.map(({ id }) => id)).toEqual(['I4.gold'])
  const violated = findings.filter(({ status }: Finding) => status === 'violated')
  return Object.fromEntries(violated.map(({ id, offenders }) => [id, offenders]))
}

async function captureTwice(provider: pg.Pool): Promise<void> {
  await provider.query(
    `insert into operations (operation_id, payment_id, idempotency_key, request_hash, kind, amount_minor)
     select $1, payment_id, $2, request_hash, kind, amount_minor from operations where kind = 'captured' limit 1`,
    [randomUUID(), randomUUID()],
  )
}

/** Sends a record's bytes again under another order's key: nobody has stored it there. */
async function sendAsStranger({ endpoints }: Stack): Promise<void> {
  const topic = 'payments.payment.v1'
  const kafka = openKafka({ brokers: endpoints.kafkaBrokers, clientId: 'stranger' })
  const reading = await readTopics(endpoints.kafkaBrokers, [topic])
  const isThere = () =>
    reading.records.find(
      ({ headers }) =>
        headers.eventType === 'PaymentVoided' || headers.eventType === 'PaymentCaptured',
    )
  const record = await eventually(async () => isThere(), { timeoutMs: 30_000, what: 'a payment' })
  await reading.close()
  const value = Buffer.from(record.value ?? '')
  // The first character of the event's id, behind the frame and the length: another id, the same event.
  value[6] = value[6] === 0x61 ? 0x62 : 0x61
  const producer = new DurableProducer({ kafka })
  await producer.send(topic, [{ key: record.key, value }])
  await producer.close()
}
