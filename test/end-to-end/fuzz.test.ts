import { randomUUID } from 'node:crypto'
import { Agent, request } from 'node:http'
import { eventually } from '@tenseams/local/launcher/host/wait'
import fc from 'fast-check'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rounds } from '../support/rounds.ts'
import { adminPool, orderBody, postOrder } from '../support/shop.ts'
import { type TestStack, useStack } from '../support/stack.ts'
import { arbitraryRequest, type OpenApi, type WireRequest } from './arbitrary-request.ts'

const REQUESTS = rounds({ full: 10_000, usual: 1_500 })
const CONCURRENT_REQUESTS = 32
const SEED = 20_261_123

let stack: TestStack
let pool: pg.Pool
let ordersUrl: string

beforeAll(async () => {
  stack = await useStack()
  pool = adminPool(stack)
  ordersUrl = stack.endpoints.ordersUrl
})

afterAll(() => pool.end())

/** Every customer and key of this run begins with it. */
const run = randomUUID().slice(0, 8)

type Answered = { readonly request: WireRequest; readonly status: number; readonly text: string }

/** Node's own client, because fetch corrects some of what must arrive malformed. */
function send(agent: Agent, wire: WireRequest): Promise<Answered> {
  const { promise, resolve, reject } = Promise.withResolvers<Answered>()
  const length = wire.body === undefined ? {} : { 'content-length': Buffer.byteLength(wire.body) }
  const outgoing = request(
    ordersUrl,
    {
      agent,
      method: wire.method,
      path: wire.path,
      headers: { ...wire.headers, ...length },
      timeout: 20_000,
    },
    (incoming) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.on('error', reject)
      incoming.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        resolve({ request: wire, status: incoming.statusCode ?? 0, text })
      })
    },
  )
  outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer to ${wire.path}`)))
  outgoing.on('error', reject)
  outgoing.end(wire.body)
  return promise
}

async function sendAll(requests: readonly WireRequest[]): Promise<readonly Answered[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENT_REQUESTS })
  const waiting = requests[Symbol.iterator]()
  const answers: Answered[] = []
  const worker = async () => {
    for (const one of waiting) answers.push(await send(agent, one))
  }
  try {
    await Promise.all(Array.from({ length: CONCURRENT_REQUESTS }, worker))
  } finally {
    agent.destroy()
  }
  return answers
}

type Written = { readonly stream_id: string; readonly placed: number; readonly keys: number }

/** This run's orders in Postgres, each with its number of OrderPlaced and of idempotency rows that name it. */
async function writtenOrders(): Promise<readonly Written[]> {
  const { rows } = await pool.query<Written>(
    `select e.stream_id, count(*) filter (where e.type = 'OrderPlaced')::int as placed,
            (select count(*)::int from orders.idempotency i
              where i.answer->>'orderId' = e.stream_id and i.status = 201) as keys
       from orders.events e
      where e.stream_id in (select p.stream_id from orders.events p
                             where p.type = 'OrderPlaced' and p.data->>'customerId' like $1)
      group by e.stream_id`,
    [`${run}%`],
  )
  return rows
}

const uuid = fc
  .nat({ max: 50 })
  .map((nat) => `${run}-0000-4000-8000-${String(nat).padStart(12, '0')}`)

const known = {
  uuid,
  // Some keys meet again, with the same payload or, more likely, with another.
  key: fc.nat({ max: 1_000_000 }).map((nat) => `fuzz-${run}-${nat % 7 === 0 ? nat % 100 : nat}`),
}

type Product = {
  readonly sku: string
  readonly prices: readonly { readonly currency: string; readonly priceMinor: number }[]
}

/** Orders of one product or of several, each at the price that the shop shows. */
async function ordersAtPrices(): Promise<fc.Arbitrary<unknown>> {
  const skus = ['lamp-01', 'desk-02', 'chair-03', 'mug-04']
  const products = await Promise.all(
    skus.map(
      async (sku) => (await (await fetch(`${ordersUrl}/products/${sku}`)).json()) as Product,
    ),
  )
  const linesIn = (currency: string) => {
    const quantity = fc.integer({ min: 1, max: 1_000 })
    const lines = products.map(({ sku, prices }) => {
      const price = prices.find((one) => one.currency === currency)
      return quantity.map((pieces) => ({ sku, quantity: pieces, priceMinor: price?.priceMinor }))
    })
    return fc.array(fc.oneof(...lines), { minLength: 1, maxLength: 5 })
  }
  const paymentMethod = fc.constantFrom('card', 'card-declined', 'invoice', 'wallet')
  const orders = ['CHF', 'EUR', 'GBP', 'JPY', 'USD'].map((currency) =>
    fc.record({
      ...{ customerId: uuid, currency: fc.constant(currency), paymentMethod },
      lines: linesIn(currency),
    }),
  )
  return fc.oneof(...orders)
}

test(`${REQUESTS} requests from the OpenAPI document: never a 5xx, never half an order`, async () => {
  const document = (await (await fetch(`${ordersUrl}/documentation/json`)).json()) as OpenApi
  const order = await ordersAtPrices()
  const requests = fc.sample(arbitraryRequest(document, { ...known, order }), {
    numRuns: REQUESTS,
    seed: SEED,
  })
  const answers = await sendAll(requests)
  expect(answers).toHaveLength(REQUESTS)

  expect(answers.filter(({ status }) => status >= 500).slice(0, 3)).toEqual([])
  const undocumented = answers.filter(
    ({ request, status }) => !request.statuses.includes(String(status)) && !isNoRoute(status),
  )
  expect(undocumented.slice(0, 5)).toEqual([])
  const refusals = answers.filter(({ status }) => status >= 400)
  for (const { status, text } of refusals) expect(JSON.parse(text)).toMatchObject({ status })

  const placed = answers.filter(
    ({ request, status }) => request.route === '/orders' && status === 201,
  )
  const answered = new Set(placed.map(({ text }) => String(JSON.parse(text).orderId)))
  expect(answered.size).toBeGreaterThan(REQUESTS / 100)
  expect(refusals.length).toBeGreaterThan(REQUESTS / 3)
  const written = await writtenOrders()
  expect(written.filter(({ placed, keys }) => placed !== 1 || keys !== 1)).toEqual([])
  expect(new Set(written.map(({ stream_id }) => stream_id))).toEqual(answered)
}, 300_000)

/** An address that cannot be decoded, or leads elsewhere, never comes to an operation. */
const isNoRoute = (status: number): boolean => [400, 404, 405, 431].includes(status)

describe('a thousand requests with one Idempotency-Key', () => {
  const PARALLEL = 1_000

  /** As a client must: the same request with the same key until there is an answer. */
  const persist = (customerId: string, key: string, onAnswer: () => void) =>
    eventually(
      async () => {
        const answer = await postOrder(ordersUrl, orderBody({ customerId }), key)
        onAnswer()
        return answer.status === 201 ? String(answer.body.orderId) : undefined
      },
      { timeoutMs: 90_000, what: `an answer to ${key}`, intervalMs: 200 },
    )

  const ordersOf = async (customerId: string): Promise<readonly string[]> => {
    const { rows } = await pool.query<{ stream_id: string }>(
      `select stream_id from orders.events where type = 'OrderPlaced' and data->>'customerId' = $1`,
      [customerId],
    )
    return rows.map(({ stream_id }) => stream_id)
  }

  test('at once make one order', async () => {
    const [customerId, key] = [randomUUID(), randomUUID()]
    const orderIds = await Promise.all(
      Array.from({ length: PARALLEL }, () => persist(customerId, key, () => undefined)),
    )
    expect([...new Set(orderIds)]).toEqual(await ordersOf(customerId))
  })

  test('make one order when the service is killed among them', async () => {
    const [customerId, key] = [randomUUID(), randomUUID()]
    const begun = Promise.withResolvers<void>()
    let answers = 0
    const clients = Promise.all(
      Array.from({ length: PARALLEL }, () =>
        persist(customerId, key, () => {
          answers += 1
          begun.resolve()
        }),
      ),
    )
    await begun.promise
    await stack.kill('orders')
    const beforeKill = answers
    await stack.restart('orders')
    const orderIds = await clients
    expect(beforeKill).toBeLessThan(PARALLEL)
    expect([...new Set(orderIds)]).toEqual(await ordersOf(customerId))
  }, 180_000)
})
