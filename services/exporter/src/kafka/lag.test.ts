import { describe, expect, test } from 'vitest'
import type { FirstRecord } from './first-record.ts'
import { Lags, type Look } from './lag.ts'

const NOW = 1_700_000_100_000
const place = { group: 'payments', topic: 'orders.order.v1', partition: 0 }

/** Lags over a log that is played by the test; the looks that were made are noted. */
function lagsOver(look: (offset: bigint) => FirstRecord) {
  const looks: bigint[] = []
  const clock = { ms: NOW }
  const played: Look = async (_partition, offset) => {
    looks.push(offset)
    return look(offset)
  }
  const lags = new Lags(played, () => clock.ms)
  const of = (committed: bigint, stable: bigint) => lags.of({ ...place, committed, stable })
  return { lags, of, looks, clock }
}

const recordAt = (timestampMs: number): FirstRecord => ({ kind: 'record', timestampMs })

describe('the lag of a group', () => {
  test('is nothing when everything is committed', async () => {
    const { of, looks } = lagsOver(() => recordAt(NOW))
    expect(await of(10n, 10n)).toEqual({ records: 0n, seconds: 0 })
    expect(looks).toEqual([])
  })

  test('is the age of the first record that is not committed', async () => {
    const { of } = lagsOver(() => recordAt(NOW - 42_000))
    expect(await of(10n, 15n)).toEqual({ records: 5n, seconds: 42 })
  })

  test('rises while the group is stuck, and the log is looked into once', async () => {
    const { of, looks, clock } = lagsOver(() => recordAt(NOW - 1_000))
    expect((await of(10n, 11n)).seconds).toBe(1)
    clock.ms += 60_000
    expect(await of(10n, 500n)).toEqual({ records: 490n, seconds: 61 })
    expect(looks).toEqual([10n])
  })

  test('is looked up again when the group has moved', async () => {
    const { of, looks } = lagsOver((offset) => recordAt(NOW - Number(20n - offset) * 1_000))
    expect((await of(10n, 20n)).seconds).toBe(10)
    expect((await of(19n, 20n)).seconds).toBe(1)
    expect(looks).toEqual([10n, 19n])
  })

  test('is nothing when only transaction markers follow, and they are looked at once', async () => {
    const { of, looks } = lagsOver((offset) => ({ kind: 'nothing', next: offset + 1n }))
    const nothing = { records: 0n, seconds: 0 }
    expect(await of(10n, 12n)).toEqual(nothing)
    expect(await of(10n, 12n)).toEqual(nothing)
    expect(looks).toEqual([10n, 11n])
    expect(await of(10n, 13n)).toEqual(nothing)
    expect(looks).toEqual([10n, 11n, 12n])
  })

  test('counts from the first look when the log cannot be read there', async () => {
    const { of, clock } = lagsOver(() => {
      throw new Error('unreadable batch')
    })
    expect(await of(10n, 12n)).toEqual({ records: 2n, seconds: 0 })
    clock.ms += 90_000
    expect(await of(10n, 12n)).toEqual({ records: 2n, seconds: 90 })
  })

  test('is found after a bounded number of looks, or counted from the first', async () => {
    const { of, looks } = lagsOver((offset) => ({ kind: 'nothing', next: offset + 1n }))
    expect(await of(0n, 1_000n)).toEqual({ records: 1_000n, seconds: 0 })
    expect(looks).toHaveLength(4)
  })

  test('of a record that is dated ahead is nothing, not less', async () => {
    const { of } = lagsOver(() => recordAt(NOW + 5_000))
    expect((await of(1n, 2n)).seconds).toBe(0)
  })

  test('is forgotten with its group', async () => {
    const { lags, of, looks } = lagsOver(() => recordAt(NOW))
    await of(1n, 2n)
    lags.keep([])
    await of(1n, 2n)
    expect(looks).toHaveLength(2)
  })
})
