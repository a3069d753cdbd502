import { describe, expect, test } from 'vitest'
import { agrees, compareBronze, compareCaptured, compareGold, compareSilver } from './agreement.ts'

const eur = (payments: bigint, minor: bigint) => [{ currency: 'EUR', payments, minor }]
const count = (rows: bigint, distinct = rows) => [{ topic: 't', rows, distinct }]

describe('the demonstration', () => {
  test('agrees when every event is in bronze once', () => {
    expect(compareBronze(count(3n), count(3n)).every(agrees)).toBe(true)
  })

  test.each([
    ['an event is missing', count(2n)],
    ['an event is duplicated', count(4n, 3n)],
    ['one is missing and another is duplicated', count(3n, 2n)],
    ['the table is missing', []],
  ])('does not agree when %s', (_, bronze) => {
    expect(compareBronze(count(3n), bronze).every(agrees)).toBe(false)
  })

  test('counts late money as money', () => {
    expect(compareGold(eur(3n, 30n), eur(2n, 20n), eur(1n, 10n)).every(agrees)).toBe(true)
  })

  test.each([
    ['a payment is lost', eur(2n, 20n)],
    ['a payment is doubled', eur(4n, 40n)],
    ['an amount is wrong', eur(3n, 31n)],
    ['another currency appears', [...eur(3n, 30n), { currency: 'USD', payments: 1n, minor: 1n }]],
  ])('does not agree when %s', (_, windows) => {
    expect(compareGold(eur(3n, 30n), windows, []).every(agrees)).toBe(false)
  })

  test('agrees when silver has each order in its state', () => {
    expect(compareSilver({ OrderPlaced: 1 }, { OrderPlaced: 1 }).every(agrees)).toBe(true)
    expect(compareSilver({ OrderPlaced: 1 }, { OrderRejected: 1 }).every(agrees)).toBe(false)
  })

  test('does not agree when gold derived from silver has other money', () => {
    expect(compareCaptured(eur(3n, 30n), eur(3n, 30n)).every(agrees)).toBe(true)
    expect(compareCaptured(eur(3n, 30n), eur(2n, 30n)).every(agrees)).toBe(false)
  })
})
