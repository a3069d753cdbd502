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
  tooLarge: undefined,
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

const tooLargeTrace = `org.apache.kafka.connect.errors.ConnectException: Unrecoverable exception from producer send callback
\tat org.apache.kafka.connect.runtime.WorkerTask.run(WorkerTask.java:1)
Caused by: org.apache.kafka.common.errors.RecordTooLargeException: The message is 4280123 bytes when serialized
`

test('a failed task is named by its cause, and the record that no batch can carry by table, key and size', () => {
  const state: CaptureState = {
    ...{ ...healthy, name: 'cdc' },
    connector: {
      connector: { state: 'RUNNING' },
      tasks: [{ id: 0, state: 'FAILED', trace: tooLargeTrace }],
    },
    tooLarge: { table: 'catalogue.products', key: 'sku desk-02', bytes: 4_280_000, lsn: '0/1A' },
  }
  expect(faultsOf(state)).toEqual([
    'its task has failed: RecordTooLargeException: The message is 4280123 bytes when serialized',
    expect.stringMatching(
      /change of catalogue.products, sku desk-02, has about 4280000 bytes.*recover/,
    ),
  ])
})

test('a task that Connect still shows as running while nobody reads its slot is a fault at once', () => {
  const state = { ...healthy, ...slot('reserved'), beatAgeMs: 9_000 }
  expect(faultsOf(state)).toEqual([expect.stringMatching(/nobody reads its slot.*logs connect/)])
  expect(faultsOf({ ...state, beatAgeMs: 2_000 })).toEqual([])
})
