import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { useStack } from '../../support/stack.ts'
import { asPayments, type OwnPayments, openOwnPayments } from './own-payments.ts'

let own: OwnPayments

beforeAll(async () => {
  own = await openOwnPayments(await useStack())
})

afterEach(() => own.faults.replace([]))
afterAll(() => own.close())

type Answer = { readonly status: number; readonly body: Readonly<Record<string, unknown>> }

async function post(path: string, body: object = {}, key: string = randomUUID()): Promise<Answer> {
  const response = await fetch(`${own.providerUrl}${path}`, {
    method: 'POST',
    headers: {
      ...asPayments,
      'content-type': 'application/json',
      ...(key && { 'idempotency-key': key }),
    },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  })
  return { status: response.status, body: (await response.json()) as Answer['body'] }
}

async function get(path: string): Promise<Answer> {
  const response = await fetch(`${own.providerUrl}${path}`, {
    headers: asPayments,
    signal: AbortSignal.timeout(10_000),
  })
  return { status: response.status, body: (await response.json()) as Answer['body'] }
}

const charge = (reference: string = randomUUID()) => ({
  ...{ reference, amountMinor: 500, currency: 'EUR', method: 'card' },
})

/** A payment that holds money. */
const authorised = async (reference?: string): Promise<string> =>
  String((await post('/payments', charge(reference))).body.paymentId)

const statusOf = async (paymentId: string) => (await get(`/payments/${paymentId}`)).body.status

describe('the provider', () => {
  test('answers a repeated key as the first time, whatever the state of the payment', async () => {
    const [body, key, capture] = [charge(), randomUUID(), randomUUID()]
    const first = await post('/payments', body, key)
    expect(first.body).toMatchObject({ outcome: 'authorised', amountMinor: 500, reason: null })
    const path = `/payments/${String(first.body.paymentId)}`
    const captured = await post(`${path}/capture`, {}, capture)
    expect(captured.body).toMatchObject({ outcome: 'captured', amountMinor: 500 })
    await post(`${path}/refund`, { amountMinor: 500 })
    expect(await post('/payments', body, key)).toEqual(first)
    expect(await post(`${path}/capture`, {}, capture)).toEqual(captured)
    expect(await statusOf(String(first.body.paymentId))).toBe('refunded')
  })

  test('does one thing for a hundred requests with one key', async () => {
    const [body, key] = [charge(), randomUUID()]
    const begun = await Promise.all(Array.from({ length: 50 }, () => post('/payments', body, key)))
    expect(new Set(begun.map((one) => JSON.stringify(one))).size).toBe(1)
    const path = `/payments/${String(begun[0]?.body.paymentId)}/capture`
    const taken = await Promise.all(Array.from({ length: 50 }, () => post(path, {}, key + key)))
    expect(new Set(taken.map((one) => JSON.stringify(one))).size).toBe(1)
  })

  test('lets one of a capture and a void be first', async () => {
    const paymentId = await authorised()
    const answers = await Promise.all(
      ['capture', 'void'].map((operation) => post(`/payments/${paymentId}/${operation}`)),
    )
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409])
  })

  test('refuses with a reason what the payment does not allow', async () => {
    const paymentId = await authorised()
    const type = (reason: string) => `urn:ten-seams:problem:${reason}`
    expect(await post(`/payments/${paymentId}/refund`, { amountMinor: 1 })).toMatchObject({
      status: 409,
      body: { type: type('payment-is-authorised') },
    })
    await post(`/payments/${paymentId}/void`)
    expect(await post(`/payments/${paymentId}/capture`)).toMatchObject({
      status: 409,
      body: { type: type('payment-is-voided') },
    })
    expect((await post(`/payments/${randomUUID()}/void`)).status).toBe(404)
    expect((await get(`/payments/${randomUUID()}`)).status).toBe(404)
    expect((await post('/payments', charge(), '')).status).toBe(400)
    expect((await post('/payments', { ...charge(), more: 1 })).status).toBe(400)
  })

  test('refuses a key that was used for something else', async () => {
    const [one, other, key] = [await authorised(), await authorised(), randomUUID()]
    await post(`/payments/${one}/capture`, {}, key)
    expect((await post(`/payments/${other}/capture`, {}, key)).status).toBe(422)
    expect((await post(`/payments/${one}/refund`, { amountMinor: 500 }, key)).status).toBe(422)
    expect((await post('/payments', charge(), key)).status).toBe(422)
    expect(await statusOf(other)).toBe('authorised')
  })

  test('captures again when it is told to ignore keys', async () => {
    const [key, body] = [randomUUID(), charge()]
    own.faults.replace([{ kind: 'ignore-keys', every: 1 }])
    const [one, other] = [await post('/payments', body, key), await post('/payments', body, key)]
    expect(one.body.paymentId).not.toBe(other.body.paymentId)
    const path = `/payments/${String(one.body.paymentId)}`
    for (let times = 0; times < 2; times += 1) await post(`${path}/capture`, {}, key)
    const { operations } = (await get(path)).body
    expect(operations).toMatchObject([
      { kind: 'authorised' },
      { kind: 'captured', amountMinor: 500 },
      { kind: 'captured', amountMinor: 500 },
    ])
  })
})

describe('its list of changes', () => {
  test('has each operation once over its pages, with all payments of its reference', async () => {
    const reference = randomUUID()
    const since = new Date().toISOString()
    const ids = [await authorised(reference), await authorised(reference)]
    await post(`/payments/${ids[0]}/capture`)
    const seen: string[] = []
    for (let after = ''; ; ) {
      const from = after === '' ? '' : `&after=${after}`
      const { body } = await get(`/payments?limit=2&since=${since}${from}`)
      const changes = body.changes as readonly { cursor: string; reference: string }[]
      if (changes.length === 0) break
      expect(body.payments).toMatchObject(ids.map((paymentId) => ({ paymentId })))
      seen.push(...changes.map((change) => change.reference))
      after = changes.at(-1)?.cursor ?? ''
    }
    expect(seen).toEqual([reference, reference, reference])
  })

  test('is bounded', async () => {
    expect((await get('/payments?limit=501')).status).toBe(400)
    expect((await get('/payments?limit=0')).status).toBe(400)
    expect((await get('/payments?after=nowhere')).status).toBe(400)
  })
})

describe('its role', () => {
  test.each([
    'update operations set kind = $$voided$$',
    'delete from payments',
    'truncate operations',
  ])('may not rewrite the ledger: %s', async (statement) => {
    await expect(own.providerPool.query(statement)).rejects.toThrow(/permission denied/)
  })
})
