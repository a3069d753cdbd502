import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { following } from './follow.ts'
import { beginningOfLast, beginningSince, entriesOf, fromTheStart, partLog } from './part-log.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tenseams-logs-'))
  file = join(folder, 'orders.log')
})
afterEach(() => rmSync(folder, { recursive: true }))

const startMs = Date.parse('2026-11-30T12:00:00Z')
const line = (n: number, padding = '') =>
  `${JSON.stringify({ level: 30, time: startMs + n * 1_000, msg: `line ${n}${padding}` })}\n`
const linesTo = (count: number, padding = '') =>
  Array.from({ length: count }, (_, index) => line(index + 1, padding)).join('')
const sentences = (...args: Parameters<typeof entriesOf>) =>
  [...entriesOf(...args)].map(({ sentence }) => sentence)

describe('the last entries of a part', () => {
  test('are read from the end of a large file', () => {
    writeFileSync(file, linesTo(5_000, ' with some words to make it longer'))
    const log = partLog('orders', file)
    const beginning = beginningOfLast(log, 3)
    expect(beginning.get(file)).toBeGreaterThan(400_000)
    const words = ' with some words to make it longer'
    expect(sentences(log, beginning)).toEqual([4_998, 4_999, 5_000].map((n) => `line ${n}${words}`))
  })

  test('have their stack traces, whose lines are not counted', () => {
    writeFileSync(file, `${line(1)}${line(2)}\tat a\n\tat b\n${line(3)}`)
    const log = partLog('orders', file)
    const entries = [...entriesOf(log, beginningOfLast(log, 2))]
    expect(entries.map(({ sentence, more }) => [sentence, more])).toEqual([
      ['line 2', ['\tat a', '\tat b']],
      ['line 3', []],
    ])
  })

  test('reach into the file that became too large', () => {
    writeFileSync(`${file}.1`, linesTo(4))
    writeFileSync(file, line(5))
    const log = partLog('orders', file)
    expect(sentences(log, beginningOfLast(log, 3))).toEqual(['line 3', 'line 4', 'line 5'])
    expect(sentences(log, beginningOfLast(log, 1))).toEqual(['line 5'])
    expect(sentences(log, beginningOfLast(log, 100))).toHaveLength(5)
  })

  test('leave out a line that is still being written', () => {
    writeFileSync(file, `${line(1)}{"level":30,"ti`)
    const log = partLog('orders', file)
    expect(sentences(log, fromTheStart(log))).toEqual(['line 1'])
  })

  test('cut a line that has no end for megabytes', () => {
    writeFileSync(file, `${line(1)}${line(2, 'x'.repeat(3_000_000))}${line(3)}`)
    const log = partLog('orders', file)
    const entries = sentences(log, fromTheStart(log))
    expect(entries.map((each) => each.length < 300_000)).toEqual([true, true, true])
    expect([entries[0], entries[2]]).toEqual(['line 1', 'line 3'])
  })
})

test.each([0, 1, 2_500, 4_999.5])(
  'what was written since line %d begins there or a little before',
  (n) => {
    writeFileSync(file, linesTo(5_000, ' with some words to make it longer'))
    const log = partLog('orders', file)
    const sinceMs = startMs + n * 1_000
    const times = [...entriesOf(log, beginningSince(log, sinceMs))].map(({ timeMs = 0 }) => timeMs)
    expect(times.filter((time) => time >= sinceMs)).toHaveLength(
      Math.floor(5_000 - n + 1) - (n === 0 ? 1 : 0),
    )
    expect(times.filter((time) => time < sinceMs).length).toBeLessThan(2_000)
  },
)

test('a file without a time is read from its beginning', () => {
  writeFileSync(file, 'no time here\n'.repeat(20_000))
  const log = partLog('orders', file)
  expect([...entriesOf(log, beginningSince(log, startMs))]).toHaveLength(1)
})

describe('whoever follows', () => {
  test('gets what is written later, also when the file was emptied because it was too large', async () => {
    writeFileSync(file, line(1))
    const reached = new Map<string, number>()
    const log = partLog('orders', file)
    expect(sentences(log, fromTheStart(log))).toEqual(['line 1'])
    expect([...entriesOf(log, fromTheStart(log), reached)]).toHaveLength(1)
    const abort = new AbortController()
    const follow = following([{ part: 'orders', file }], reached, abort.signal)
    appendFileSync(file, line(2))
    expect((await follow.next()).value).toMatchObject({ sentence: 'line 2' })
    appendFileSync(file, line(3))
    renameSync(file, `${file}.1`)
    writeFileSync(file, line(4))
    expect((await follow.next()).value).toMatchObject({ sentence: 'line 3' })
    expect((await follow.next()).value).toMatchObject({ sentence: 'line 4' })
    abort.abort()
    expect((await follow.next()).done).toBe(true)
  })

  test('gets the first line of a part that starts later', async () => {
    const abort = new AbortController()
    const follow = following([{ part: 'orders', file }], new Map(), abort.signal)
    const first = follow.next()
    writeFileSync(file, line(1))
    expect((await first).value).toMatchObject({ sentence: 'line 1' })
    abort.abort()
  })
})
