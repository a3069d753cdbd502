import { judgeFailure } from '@tenseams/kafka/failure'
import { faultOf } from '@tenseams/service/fault'
import { describe, expect, test } from 'vitest'
import { CaptureSwitch } from './capture-switch.ts'

type Change = { frozen: boolean; changed_at: Date; changed_by: string; reason: string }

/** The table, several instances of the service, and a clock. */
function newTable() {
  const changes: Change[] = []
  const state = { now: 0, isAway: false, takesMs: 0, reads: 0 }
  const query = async (text: string, values: readonly unknown[] = []) => {
    if (state.isAway) throw Object.assign(new Error('gone'), { code: 'ECONNREFUSED' })
    if (text.startsWith('insert')) {
      const [frozen, changed_by, reason] = values as [boolean, string, string]
      if (frozen !== (changes.at(-1)?.frozen ?? false)) {
        changes.push({ frozen, changed_by, reason, changed_at: new Date(state.now) })
      }
      return { rows: [] }
    }
    state.reads += 1
    const rows = changes.slice(-1)
    state.now += state.takesMs
    return { rows }
  }
  const said: string[] = []
  const log = {
    info: (_: object, message: string) => void said.push(message),
    warn: (_: object, message: string) => void said.push(message),
  }
  const open = () =>
    new CaptureSwitch({
      pool: { query } as unknown as ConstructorParameters<typeof CaptureSwitch>[0]['pool'],
      ...{ schema: 'payments', log, now: () => state.now },
    })
  return { changes, state, said, open }
}

describe('the switch of captures', () => {
  test('is open until somebody freezes captures, and holds for another instance within a second', async () => {
    const { state, open } = newTable()
    const [one, other] = [open(), open()]
    await one.assertOpen()
    await other.assertOpen()
    await other.set(true, 'operator', 'wrong amounts')
    await expect(other.assertOpen()).rejects.toThrow('captures are frozen since')
    state.now += 500
    await expect(one.assertOpen()).rejects.toMatchObject({ code: 'CAPTURES_FROZEN' })
  })

  test('outlives a restart, and keeps every change', async () => {
    const { changes, open } = newTable()
    await open().set(true, 'operator', 'wrong amounts')
    const restarted = open()
    await expect(restarted.assertOpen()).rejects.toMatchObject({ code: 'CAPTURES_FROZEN' })
    await restarted.set(false, 'admin', 'compensated')
    await restarted.assertOpen()
    expect(changes).toMatchObject([
      { frozen: true, changed_by: 'operator', reason: 'wrong amounts' },
      { frozen: false, changed_by: 'admin', reason: 'compensated' },
    ])
  })

  test('stays as it was when it is set to what it is', async () => {
    const { changes, open } = newTable()
    const captures = open()
    expect(await captures.set(false, 'operator', 'nothing to do')).toBeUndefined()
    const first = await captures.set(true, 'operator', 'wrong amounts')
    expect(await captures.set(true, 'admin', 'again')).toEqual(first)
    expect(changes).toHaveLength(1)
  })

  test('lets nothing be captured when nobody says that it is open', async () => {
    const { state, open } = newTable()
    const captures = open()
    await captures.assertOpen()
    state.isAway = true
    state.now += 500
    const error = await captures.assertOpen().catch((reason: unknown) => reason)
    expect(faultOf(error)).toBe('outage')
    state.isAway = false
    state.takesMs = 1_000
    await expect(captures.assertOpen()).rejects.toThrow('too long')
  })

  test('asks Postgres twice a second at most, and once for many at a time', async () => {
    const { state, open } = newTable()
    const captures = open()
    await Promise.all(Array.from({ length: 100 }, () => captures.assertOpen()))
    state.now += 499
    await captures.assertOpen()
    expect(state.reads).toBe(1)
    state.now += 1
    await captures.assertOpen()
    expect(state.reads).toBe(2)
  })

  test('says in the log when it changes, once', async () => {
    const { state, said, open } = newTable()
    const captures = open()
    await captures.set(true, 'operator', 'wrong amounts')
    state.now += 500
    await captures.read()
    await captures.set(false, 'operator', 'compensated')
    await captures.read()
    expect(said).toEqual([
      'captures are frozen: the money of what is sent stays held',
      'captures go on',
    ])
  })

  test('makes a record wait for as long as it is frozen, and never a dead letter of it', async () => {
    const { open } = newTable()
    const captures = open()
    await captures.set(true, 'operator', 'wrong amounts')
    const error = await captures.assertOpen().catch((reason: unknown) => reason)
    expect(judgeFailure(error, { attempt: 1_000_000, ageMs: 30 * 86_400_000 })).toMatchObject({
      ...{ kind: 'wait', fault: 'held' },
    })
  })
})
