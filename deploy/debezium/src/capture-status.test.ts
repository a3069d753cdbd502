import { capturedTables } from '@tenseams/postgres/captures'
import { expect, test } from 'vitest'
import { type CaptureState, faultsOf, stateLines } from './capture-status.ts'

const healthy: CaptureState = {
  name: 'outbox',
  connector: { connector: { state: 'RUNNING' }, tasks: [{ id: 0, state: 'RUNNING' }] },
  isHalfRecovered: false,
  slot: { active: true, walStatus: 'reserved', retainedBytes: 100, safeWalBytes: 2_000_000_000 },
  missingTables: [],
  beatAgeMs: 1_000,
  watched: undefined,
}

const slot = (walStatus: string) => ({
  slot: { active: false, walStatus, retainedBytes: 0, safeWalBytes: 0 },
})

test('a healthy connector has no fault, and says how much WAL may still be written', () => {
  expect(faultsOf(healthy)).toEqual([])
  expect(stateLines(healthy).join('\n')).toContain('2000000000 bytes until it is lost')
  expect(capturedTables('outbox').length).toBeGreaterThan(0)
})

test.each([
  ['a lost slot', slot('lost'), /slot is lost.*cdc -- recover --connector outbox/],
  ['a slot about to be lost', slot('unreserved'), /lost at the next checkpoint.*logs connect/],
  [
    'a connector that failed again and again',
    { watched: { restarts: 8, reason: 'no route', givenUp: true } },
    /not restarted any more after 8 times.*cdc -- resume --connector outbox/,
  ],
])('%s is a fault with the next step', (_, difference, fault) => {
  expect(faultsOf({ ...healthy, ...difference })).toEqual([expect.stringMatching(fault)])
})

test('restarts of a connector that runs again are shown with their reason, and are no fault', () => {
  const state = { ...healthy, watched: { restarts: 2, reason: 'no broker', givenUp: false } }
  expect(faultsOf(state)).toEqual([])
  expect(stateLines(state).join('\n')).toMatch(/watchdog +restarted 2 times.*no broker/)
})
