import { describe, expect, it } from 'vitest'
import { JobError } from '../errors.ts'
import { assertTimeoutsFit, longestTransactionMs, timeouts } from './timeouts.ts'

const given = { ...timeouts, checkpointIntervalMs: 10_000 }
const brokerMs = 900_000

describe('the timeouts of a job', () => {
  it('fit with our own settings', () => {
    expect(() => assertTimeoutsFit(given, brokerMs)).not.toThrow()
  })

  it('do not fit when a transaction may time out before it is committed', () => {
    const slow = { ...given, checkpointIntervalMs: 60_000 }
    expect(() => assertTimeoutsFit(slow, brokerMs)).toThrow(JobError)
    expect(() => assertTimeoutsFit(slow, brokerMs)).toThrow('shorter checkpoint interval')
  })

  it.each([
    'checkpointTimeoutMs',
    'toleratedFailures',
    'heartbeatTimeoutMs',
    'longestBackoffMs',
    'startMs',
  ] as const)('count %s', (name) => {
    const more = { ...given, [name]: given[name] * 100 }
    expect(longestTransactionMs(more)).toBeGreaterThan(longestTransactionMs(given))
    expect(() => assertTimeoutsFit(more, brokerMs)).toThrow('transaction.timeout.ms is 900000')
  })

  it('do not fit when the broker allows less', () => {
    expect(() => assertTimeoutsFit(given, 899_999)).toThrow('the broker allows 899999')
  })
})
