import { describe, expect, test } from 'vitest'
import { judge, type Operation, type OperationKind, statusOf } from './payment.ts'

/** Operations of one amount, named by their kinds. */
const after = (kinds: string): readonly Operation[] =>
  kinds.split(' ').map((kind) => ({ kind: kind as OperationKind, amountMinor: 500n }))

describe('a payment at the provider', () => {
  test.each([
    ['declined', 'declined'],
    ['authorised', 'authorised'],
    ['authorised voided', 'voided'],
    ['authorised captured', 'captured'],
    ['authorised captured refunded', 'refunded'],
    ['authorised captured captured refunded', 'captured'],
  ])('is the sum of its operations', (kinds, status) => {
    expect(statusOf(after(kinds))).toBe(status)
  })

  test.each([
    ['capture', 'authorised', 'captured'],
    ['capture', 'authorised captured', 'payment-is-captured'],
    ['capture', 'authorised voided', 'payment-is-voided'],
    ['void', 'authorised', 'voided'],
    ['void', 'authorised captured', 'payment-is-captured'],
    ['void', 'declined', 'payment-is-declined'],
    ['refund', 'authorised', 'payment-is-authorised'],
    ['refund', 'authorised captured', 'refunded'],
    ['refund', 'authorised captured refunded', 'payment-is-refunded'],
  ] as const)('%s, when it was %s', (request, kinds, expected) => {
    const judgement = judge(request, 500n, after(kinds), false)
    expect(judgement.kind === 'done' ? judgement.operation : judgement.refusal).toBe(expected)
  })

  test('refunds no more than it captured', () => {
    const captured = after('authorised captured')
    expect(judge('refund', 501n, captured, false)).toMatchObject({ refusal: 'more-than-captured' })
  })

  test('captures again when it is told to ignore keys', () => {
    expect(judge('capture', 500n, after('authorised captured'), true)).toMatchObject({
      kind: 'done',
    })
    expect(judge('capture', 500n, after('authorised voided'), true).kind).toBe('refused')
  })
})
