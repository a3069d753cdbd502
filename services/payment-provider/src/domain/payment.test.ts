import { describe, expect, test } from 'vitest'
import { judge, type Operation, type OperationKind, statusOf } from './payment.ts'

const after = (...kinds: readonly OperationKind[]): readonly Operation[] =>
  kinds.map((kind) => ({ kind, amountMinor: 500n }))

describe('a payment at the provider', () => {
  test.each([
    [after('declined'), 'declined'],
    [after('authorised'), 'authorised'],
    [after('authorised', 'voided'), 'voided'],
    [after('authorised', 'captured'), 'captured'],
    [after('authorised', 'captured', 'refunded'), 'refunded'],
    [after('authorised', 'captured', 'captured', 'refunded'), 'captured'],
  ])('is the sum of its operations', (operations, status) => {
    expect(statusOf(operations)).toBe(status)
  })

  test.each([
    ['capture', after('authorised'), 'captured'],
    ['capture', after('authorised', 'captured'), 'payment-is-captured'],
    ['capture', after('authorised', 'voided'), 'payment-is-voided'],
    ['void', after('authorised'), 'voided'],
    ['void', after('authorised', 'captured'), 'payment-is-captured'],
    ['void', after('declined'), 'payment-is-declined'],
    ['refund', after('authorised'), 'payment-is-authorised'],
    ['refund', after('authorised', 'captured'), 'refunded'],
    ['refund', after('authorised', 'captured', 'refunded'), 'payment-is-refunded'],
  ] as const)('%s, after %j', (request, operations, expected) => {
    const judgement = judge(request, 500n, operations, false)
    expect(judgement.kind === 'done' ? judgement.operation : judgement.refusal).toBe(expected)
  })

  test('gives back no more than it took', () => {
    const captured = after('authorised', 'captured')
    expect(judge('refund', 501n, captured, false)).toMatchObject({ refusal: 'more-than-captured' })
  })

  test('takes the money again when it is told to ignore keys', () => {
    expect(judge('capture', 500n, after('authorised', 'captured'), true)).toMatchObject({
      kind: 'done',
    })
    expect(judge('capture', 500n, after('authorised', 'voided'), true).kind).toBe('refused')
  })
})
