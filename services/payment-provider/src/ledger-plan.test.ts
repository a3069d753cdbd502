import { describe, expect, test } from 'vitest'
import { judge } from './domain/payment.ts'
import {
  type Known,
  type NewOperation,
  type Operating,
  planRound,
  roundsOf,
} from './ledger-plan.ts'

const operation = (idempotencyKey: string, kind: NewOperation['kind']): NewOperation => ({
  ...{ operationId: `of ${idempotencyKey}`, paymentId: 'p', requestHash: Buffer.alloc(1) },
  ...{ kind, amountMinor: 500n, reason: null, idempotencyKey },
})

const asks = (
  request: 'capture' | 'void' | 'refund',
  paymentId: string,
  idempotencyKey: string,
): Operating => ({
  ...{ paymentId, idempotencyKey },
  judge: (operations, amountMinor) => judge(request, amountMinor, operations, false),
  make: (kind) => operation(idempotencyKey, kind),
})

const known = (...kinds: NewOperation['kind'][]): Known => ({
  byKey: new Map([['used', operation('used', 'captured')]]),
  payments: new Map([
    ['p', { amountMinor: 500n, operations: kinds.map((kind) => operation('before', kind)) }],
  ]),
})

describe('a round of requests', () => {
  test('writes what the payment allows, and refuses the rest with its reason', () => {
    const round = [asks('capture', 'p', 'new'), asks('refund', 'p', 'other')]
    expect(planRound(round, known('authorised'))).toEqual([
      { kind: 'write', operation: operation('new', 'captured') },
      { kind: 'refused', refusal: 'payment-is-authorised' },
    ])
  })

  test('answers a repeated key with what it did, whatever the payment allows now', () => {
    expect(planRound([asks('capture', 'p', 'used')], known('authorised', 'voided'))).toEqual([
      { kind: 'recorded', recorded: operation('used', 'captured') },
    ])
  })

  test('says so when it does not know the payment', () => {
    const round = [asks('void', 'p', 'new'), asks('void', 'q', 'newer')]
    expect(planRound(round, known('authorised')).map(({ kind }) => kind)).toEqual([
      ...['write', 'unknown'],
    ])
  })
})

describe('the rounds of a batch', () => {
  test('have one request for each payment and each key, in the order in which they came', () => {
    const names = (requests: readonly Operating[]) =>
      requests.map(({ paymentId, idempotencyKey }) => `${paymentId}${idempotencyKey}`)
    const batch = [
      ...[asks('capture', 'p', '1'), asks('void', 'p', '2'), asks('void', 'q', '3')],
      ...[asks('void', 'r', '1'), asks('refund', 'p', '4'), asks('void', 's', '5')],
    ]
    expect(roundsOf(batch).map(names)).toEqual([...[['p1', 'q3', 's5'], ['p2', 'r1'], ['p4']]])
  })

  test('are none for no requests', () => {
    expect(roundsOf([])).toEqual([])
  })
})
