import { randomUUID } from 'node:crypto'
import type { Scope } from '@tenseams/auditor/audit'
import type { Finding, Report } from '@tenseams/auditor/report'
import { placeOrder, registerCustomers } from '@tenseams/demonstration/shop'
import type { DataFile } from '@tenseams/iceberg/format/manifest'
import { liveFiles } from '@tenseams/iceberg/table/snapshot'
import { baseOf } from '@tenseams/iceberg/write/append'
import { overwrite } from '@tenseams/iceberg/write/overwrite'
import { authorizationIn } from '@tenseams/identities/authorization'
import { DurableProducer } from '@tenseams/kafka/producer'
import { eventually } from '@tenseams/local/launcher/host/wait'
import type { Stack } from '@tenseams/local/launcher/supervise/stack'
import type pg from 'pg'
import { expect, test } from 'vitest'
import { Load } from '../../proofs/eos/load.ts'
import { readTopics } from '../../support/kafka.ts'
import { Ours } from '../../support/lake/ours.ts'
import { openKafka } from '../../support/login.ts'
import { withOwnStack } from '../../support/own-stack.ts'
import { rounds } from '../../support/rounds.ts'
import { adminPool } from '../../support/shop.ts'

const parts = ['connectors', 'orders', 'payments', 'fulfilment', 'pulse', 'lakehouse', 'auditor']
const ORDERS = 20
const CLEAN_AUDITS = rounds({ full: 20, usual: 5 })

/** On an instance of its own: the faults are planted in its data, and records of other tests would be faults, too. */
test('the auditor finds no violation in a sound system, and names each fault that is planted', async () => {
  const test = async (stack: Stack) => {
    const shop = adminPool(stack)
    const provider = adminPool(stack, 'provider')
    try {
      await fill(stack, shop)
      const load = new Load(stack.endpoints.ordersUrl, 5)
      load.start()
      for (let audit = 1; audit <= CLEAN_AUDITS; audit += 1) {
        const scope = audit % 3 === 1 ? 'all' : 'new'
        expect(violationsOf(await auditNow(stack, scope)), scope).toEqual({})
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
                        (select ctid from orders.idempotency where answer->>'customerId' is null limit 1)`),
        'I1.origin': () => sendAsStranger(stack),
        'I1.silver': () => takeFileOutOf(stack, 'orders'),
        'I1.history': () => takeFileOutOf(stack, 'customers'),
      }
      let before = violationsOf(await auditNow(stack))
      expect(before).toEqual({})
      for (const [id, plant] of Object.entries(planted)) {
        await plant()
        const after = violationsOf(await auditNow(stack))
        expect(newIn(after, before), `after the fault of ${id}`).toContain(id)
        before = after
      }
    } finally {
      await Promise.all([shop.end(), provider.end()])
    }
  }
  await withOwnStack(parts, test, { silverIntervalMs: 1_000 })
}, 900_000)

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

async function auditNow({ endpoints, secrets }: Stack, scope: Scope = 'all'): Promise<Report> {
  const response = await fetch(`${endpoints.auditorUrl}/audits?scope=${scope}`, {
    method: 'POST',
    headers: await authorizationIn(secrets.fileOf('operator')),
    signal: AbortSignal.timeout(120_000),
  })
  return (await response.json()) as Report
}

/** The violations of each invariant that has any. */
type Violations = Readonly<Record<string, Pick<Finding, 'violations' | 'offenders'>>>

/** Flink, which writes gold, does not run here; every other invariant must have been judged. */
function violationsOf({ findings }: Report): Violations {
  const undecided = findings.filter(({ status }) => status === 'does not run')
  expect(undecided.map(({ id }) => id)).toEqual(['I4.gold', 'I4.jobs'])
  const violated = findings.filter(({ status }: Finding) => status === 'violated')
  return Object.fromEntries(
    violated.map(({ id, violations, offenders }) => [id, { violations, offenders }]),
  )
}

/** The invariants that have more violations than before, or name others. */
function newIn(after: Violations, before: Violations): readonly string[] {
  return Object.entries(after)
    .filter(([id, { violations, offenders }]) => {
      const known = before[id] ?? { violations: 0, offenders: [] }
      return (
        violations > known.violations ||
        offenders.some((offender) => !known.offenders.includes(offender))
      )
    })
    .map(([id]) => id)
}

async function captureTwice(provider: pg.Pool): Promise<void> {
  await provider.query(
    `insert into operations (operation_id, payment_id, idempotency_key, request_hash, kind, amount_minor)
     select $1, payment_id, $2, request_hash, kind, amount_minor from operations where kind = 'captured' limit 1`,
    [randomUUID(), randomUUID()],
  )
}

/** Sends a payment event under an event id that no store has. */
async function sendAsStranger({ endpoints }: Stack): Promise<void> {
  const topic = 'payments.payment.v1'
  const kafka = openKafka({ brokers: endpoints.kafkaBrokers, clientId: 'stranger' })
  const reading = await readTopics(endpoints.kafkaBrokers, [topic])
  const found = () =>
    reading.records.find(
      ({ headers }) =>
        headers.eventType === 'PaymentVoided' || headers.eventType === 'PaymentCaptured',
    )
  const record = await eventually(async () => found(), {
    timeoutMs: 30_000,
    what: 'a payment event',
  })
  await reading.close()
  const value = Buffer.from(record.value ?? '')
  // The first character of the event's id: it stands behind the frame (5 bytes) and its length (1 byte).
  value[6] = value[6] === 0x61 ? 0x62 : 0x61
  const producer = new DurableProducer({ kafka })
  await producer.send(topic, [{ key: record.key, value }])
  await producer.close()
}

/** Null in files of rows without a key. */
const bucketOf = (partition: DataFile['partition']): unknown => Object.values(partition)[0] ?? null

/** Takes a data file, and the rows in it, out of a table of silver. */
async function takeFileOutOf({ endpoints }: Stack, name: string): Promise<void> {
  const ours = await Ours.open(endpoints.catalogUrl, 'silver')
  const table = { namespace: 'silver', name }
  try {
    const { catalog, storage } = ours.ports
    const take = async () => {
      const base = baseOf(await catalog.loadTable(table))
      const files = await liveFiles(storage, base.metadata)
      const keyed = files
        .map(({ file }) => file)
        .filter(({ partition }) => bucketOf(partition) !== null)
      const remove = keyed.slice(0, 1)
      if (remove.length === 0) return false
      const { kind } = await overwrite(ours.ports, table, base, { remove, rows: [] })
      return kind === 'committed'
    }
    await eventually(take, { timeoutMs: 30_000, what: `a file of silver.${name} to take out` })
  } finally {
    ours.ports.engine.close()
  }
}
