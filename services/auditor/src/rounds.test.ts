import { Registry } from 'prom-client'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Scope } from './audit.ts'
import type { Finding } from './report.ts'
import { Rounds } from './rounds.ts'

const MINUTE = 60_000

const ok: Finding = {
  ...{ id: 'I1', says: '', status: 'ok', detail: '', violations: 0, inFlight: 0, offenders: [] },
}

let audits: Scope[]
let finding: Finding
let hasNews: () => Promise<boolean>
let rounds: Rounds

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] })
  audits = []
  finding = ok
  hasNews = async () => false
  rounds = new Rounds({
    audit: async (scope) => {
      audits.push(scope)
      return { at: '2026-11-30T00:00:00Z', durationMs: 1, findings: [finding] }
    },
    hasNews: () => hasNews(),
    ...{ intervalMs: 15_000, restIntervalMs: 5 * MINUTE, metrics: new Registry() },
    log: { info: () => undefined, warn: () => undefined },
  })
})

afterEach(() => vi.useRealTimers())

async function hourOfRounds(): Promise<void> {
  for (let round = 0; round < 240; round++) {
    await rounds.round()
    vi.advanceTimersByTime(15_000)
  }
}

test('while nothing is bought, an hour has an audit each five minutes', async () => {
  await hourOfRounds()
  expect(audits).toHaveLength(12)
})

test('news are audited in the next round', async () => {
  await hourOfRounds()
  hasNews = async () => true
  await rounds.round()
  expect(audits).toHaveLength(13)
})

test.each<[string, Partial<Finding>]>([
  ['a violation', { status: 'violated', violations: 1 }],
  ['no verdict', { status: 'does not run' }],
  ['something under way', { inFlight: 1 }],
])('with %s every round audits, although nothing is bought', async (_what, change) => {
  finding = { ...ok, ...change }
  await hourOfRounds()
  expect(audits).toHaveLength(240)
})

test('databases that do not answer are audited, so that the audit says so', async () => {
  await rounds.round()
  hasNews = () => Promise.reject(new Error('ECONNREFUSED'))
  await rounds.round()
  expect(audits).toHaveLength(2)
})

test('the first audit reads everything, and every twentieth', async () => {
  hasNews = async () => true
  await hourOfRounds()
  expect(audits.filter((scope) => scope === 'all')).toHaveLength(12)
  expect(audits.slice(0, 21)).toEqual(['all', ...Array(19).fill('new'), 'all'])
})
