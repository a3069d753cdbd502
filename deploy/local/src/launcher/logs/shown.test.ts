import { PassThrough } from 'node:stream'
import { UsageError } from '@tenseams/cli/errors'
import { describe, expect, test } from 'vitest'
import { type Entry, entryOf } from './entry.ts'
import { lastOf, merged } from './merge.ts'
import { idsAbout, isAbout } from './order.ts'
import { print } from './print.ts'
import { sinceMsOf } from './since.ts'
import { jsonView, peoplesView } from './view.ts'

const startMs = Date.parse('2026-11-30T12:00:00Z')
const entry = (part: string, second: number, rest: object = {}): Entry =>
  entryOf(
    part,
    JSON.stringify({
      level: 30,
      time: startMs + second * 1_000,
      msg: `${part} ${second}`,
      ...rest,
    }),
  )

describe('the logs of several parts', () => {
  test('are merged in the order of time, each in its own order', () => {
    const undated = entryOf('connect', 'no time')
    const all = merged(
      [
        [entry('orders', 1), entry('orders', 4), entry('orders', 3)],
        [entry('connect', 2), undated, entry('connect', 5)],
        [],
      ].map((each) => each.values()),
    )
    expect([...all].map(({ sentence }) => sentence)).toEqual([
      ...['orders 1', 'connect 2', 'no time', 'orders 4', 'orders 3', 'connect 5'],
    ])
  })

  test.each([1, 3, 4, 9])('are cut to the last %d', (count) => {
    const all = [1, 2, 3, 4].map((second) => entry('orders', second))
    expect(lastOf(all, count)).toEqual(all.slice(-count))
  })
})

describe('what is about an order', () => {
  const order = '0198a1b2-0000-7000-8000-00000000000a'
  const eventId = '0198a1b2-0000-7000-8000-00000000000e'
  const trace = 'a'.repeat(32)
  const entries = [
    entry('orders', 1, { orderId: order, eventId, trace_id: trace }),
    entry('payments', 2, { trace_id: trace }),
    entry('kafka', 3, { detail: `record of ${order.toUpperCase()}` }),
    entry('fulfilment', 4, { eventId }),
    entry('payments', 5, { orderId: '0198a1b2-0000-7000-8000-00000000000b', attempt: 1 }),
  ]

  test('names it, or its trace, or an event of it', () => {
    const ids = idsAbout(order, entries)
    expect(entries.filter((each) => isAbout(each, ids)).map(({ sentence }) => sentence)).toEqual([
      ...['orders 1', 'payments 2', 'kafka 3', 'fulfilment 4'],
    ])
  })

  test('is nothing when nobody names it', () => {
    const ids = idsAbout('0198a1b2-0000-7000-8000-0000000000ff', entries)
    expect(entries.filter((each) => isAbout(each, ids))).toEqual([])
  })
})

describe('a line for people', () => {
  const view = () => peoplesView({ hasColours: false })

  test('has time, part, level, sentence, the place in the log, fields and the error', () => {
    const [day, line] = view()(
      entry('payments', 1, {
        ...{ level: 40, msg: 'partition pauses', service: 'payments' },
        ...{ topic: 'orders.order.v1', partition: 3, offset: '12', attempt: 2 },
        err: { type: 'Error', message: 'the provider is away', code: 'PROVIDER_DOWN', stack: 'at' },
      }),
    )
    expect(day).toBe('2026-11-30 UTC')
    expect(line).toBe(
      '12:00:01.000  payments           warn   partition pauses  orders.order.v1/3@12  attempt=2  the provider is away (PROVIDER_DOWN)',
    )
  })

  test('says the day again when it changes', () => {
    const lines = [0, 1, 86_400].map((second) => entry('orders', second)).flatMap(view())
    expect(lines).toHaveLength(5)
    expect(lines[3]).toBe('2026-12-01 UTC')
  })

  test('keeps a stack trace short, and says how much is left out', () => {
    const broken = {
      ...entryOf('connect', '2026-11-30T12:00:00.000Z ERROR a.B - broken'),
      more: Array.from({ length: 200 }, (_, index) => `\tat line ${index}`),
      omitted: 5,
    }
    const lines = view()(broken)
    expect(lines).toHaveLength(11)
    expect(lines.at(-1)).toContain('… 197 more lines')
    expect(jsonView(broken)[0]).toContain('at line 199')
  })

  test('orders nothing of the terminal', () => {
    const [, line] = view()(entry('orders', 1, { msg: 'path \u001b[2J\r\u0007 and \u009b1m' }))
    expect(line).toContain('path \\x1b[2J\\x0d\\x07 and \\x9b1m')
  })

  test('has colours on a terminal only', () => {
    const coloured = peoplesView({ hasColours: true })(entry('orders', 1)).join('')
    expect(coloured).toContain('\u001b[')
    expect(view()(entry('orders', 1)).join('')).not.toContain('\u001b[')
  })
})

test('JSON has the part, the time and every field', () => {
  const [line = ''] = jsonView(entry('orders', 1, { orderId: 'x' }))
  expect(JSON.parse(line)).toEqual({
    ...{ time: '2026-11-30T12:00:01.000Z', part: 'orders', level: 'info', msg: 'orders 1' },
    orderId: 'x',
  })
})

describe('since when', () => {
  test.each([
    ['30s', startMs - 30_000],
    ['10m', startMs - 600_000],
    ['2h', startMs - 7_200_000],
    ['1d', startMs - 86_400_000],
    ['2026-11-30T11:59', startMs - 60_000],
    ['2026-11-30 11:59:30', startMs - 30_000],
    ['2026-11-30T13:00+01:00', startMs],
    ['2026-11-30', startMs - 43_200_000],
  ])('%s is understood', (text, expected) => {
    expect(sinceMsOf(text, startMs)).toBe(expected)
  })

  test.each(['yesterday', '10', '10 m', '-5m', '1.5h', '2026-13-01', '2026-11-30T25:00', '12:00'])(
    '%s is refused with what is taken',
    (text) => {
      expect(() => sinceMsOf(text, startMs)).toThrow(UsageError)
      expect(() => sinceMsOf(text, startMs)).toThrow(/30s, 10m, 2h, 1d/)
    },
  )
})

describe('whoever prints', () => {
  test('waits for a slow reader', async () => {
    const slow = new PassThrough({ highWaterMark: 4 })
    const printing = print('a line longer than that', slow)
    let isPrinted = false
    void printing.then(() => {
      isPrinted = true
    })
    await Promise.resolve()
    expect(isPrinted).toBe(false)
    slow.resume()
    expect(await printing).toBe(true)
  })

  test('stops when nobody reads any more', async () => {
    const pipe = new PassThrough({ highWaterMark: 4 })
    const printing = print('a line longer than that', pipe)
    pipe.destroy()
    expect(await printing).toBe(false)
    expect(await print('another', pipe)).toBe(false)
  })
})
