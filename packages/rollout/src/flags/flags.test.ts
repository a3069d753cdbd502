import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { isInCohort } from './cohort.ts'
import { openFlags } from './flags.ts'
import { flagsPath, setFlag } from './flags-file.ts'
import {
  engageKillSwitch,
  killPath,
  noteOf,
  openKillSwitch,
  releaseKillSwitch,
} from './kill-switch.ts'

const root = mkdtempSync(join(tmpdir(), 'flags-'))
afterAll(() => rmSync(root, { recursive: true }))

let folder: string
beforeEach(() => {
  folder = join(root, crypto.randomUUID())
})

const change = 'orders-to-the-log'
const key = '0198c0de-0000-7000-8000-000000000001'
const all = { percent: 100, term: 1 }

describe('a cohort', () => {
  test('is stable, grows only, and is nobody at 0 and everybody at 100', () => {
    const percent = fc.double({ min: 0, max: 100, noNaN: true })
    fc.assert(
      fc.property(fc.uuid(), percent, percent, (id, one, other) => {
        const [smaller, larger] = [Math.min(one, other), Math.max(one, other)]
        expect(isInCohort(change, id, smaller)).toBe(isInCohort(change, id, smaller))
        if (isInCohort(change, id, smaller)) expect(isInCohort(change, id, larger)).toBe(true)
        expect(isInCohort(change, id, 0)).toBe(false)
        expect(isInCohort(change, id, 100)).toBe(true)
      }),
    )
  })

  test('has about its share of keys, and another change has another one', () => {
    const ids = Array.from({ length: 20_000 }, (_, index) => `order-${index}`)
    const inOne = ids.filter((id) => isInCohort('one', id, 10))
    expect(inOne.length / ids.length).toBeCloseTo(0.1, 1.8)
    const inBoth = inOne.filter((id) => isInCohort('two', id, 10))
    expect(inBoth.length / inOne.length).toBeCloseTo(0.1, 1)
  })
})

describe('flags', () => {
  test('follow the file for each message', async () => {
    const flags = await openFlags({ folder })
    expect(await flags.sideOfRead(change, key)).toBe('old')
    setFlag(folder, `${change}.reads`, all)
    setFlag(folder, `${change}.shadow`, all)
    expect(await flags.sideOfRead(change, key)).toBe('new')
    expect(await flags.isShadowed(change, key)).toBe(true)
    setFlag(folder, `${change}.reads`, { percent: 0, term: 2 })
    expect(await flags.sideOfRead(change, key)).toBe('old')
  })

  test.each([
    '',
    '{',
    '[]',
    'null',
    '{"orders-to-the-log.reads":true}',
    '{"orders-to-the-log.reads":{"percent":101,"term":1}}',
    '{"orders-to-the-log.reads":{"percent":"100","term":1}}',
  ])('a file that says %j is the old side, until it says flags again', async (text) => {
    setFlag(folder, `${change}.reads`, all)
    const flags = await openFlags({ folder })
    expect(await flags.sideOfRead(change, key)).toBe('new')
    writeFileSync(flagsPath(folder), text)
    expect(await flags.sideOfRead(change, key)).toBe('old')
    setFlag(folder, `${change}.reads`, { percent: 100, term: 2 })
    expect(await flags.sideOfRead(change, key)).toBe('new')
  })

  test('a controller that was replaced cannot set an older one', () => {
    setFlag(folder, `${change}.reads`, { percent: 0, term: 9 })
    expect(() => setFlag(folder, `${change}.reads`, { percent: 50, term: 8 })).toThrow(
      expect.objectContaining({ code: 'STALE_TERM', retriable: false }),
    )
  })
})

describe('the kill switch', () => {
  test('is a file: on and off from one message to the next, whatever the flags say', async () => {
    setFlag(folder, `${change}.reads`, all)
    const flags = await openFlags({ folder })
    engageKillSwitch(folder, change, 'operator: money differs')
    engageKillSwitch(folder, change, 'somebody else, later')
    expect(flags.isStopped(change)).toBe(true)
    expect(await flags.sideOfRead(change, key)).toBe('old')
    expect(noteOf(folder, change)).toBe('operator: money differs')
    expect(openKillSwitch(folder).isOn('another-change')).toBe(false)
    releaseKillSwitch(folder, change)
    expect(await flags.sideOfRead(change, key)).toBe('new')
    expect(noteOf(folder, change)).toBeUndefined()
  })

  test('works by hand, where no folder was, and on a folder that cannot be read as one', () => {
    const killSwitch = openKillSwitch(folder)
    expect(killSwitch.isOn(change)).toBe(false)
    mkdirSync(folder)
    writeFileSync(killPath(folder, change), '')
    expect(killSwitch.isOn(change)).toBe(true)
    const notAFolder = join(root, 'file')
    writeFileSync(notAFolder, '')
    chmodSync(notAFolder, 0o600)
    expect(openKillSwitch(notAFolder).isOn(change)).toBe(false)
  })
})
