import { expect, test } from 'vitest'
import { walChangeOf } from './pgoutput.ts'

const relation = [0, 0, 64, 7]
const cell = (text: string) => {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(Buffer.byteLength(text))
  return Buffer.concat([Buffer.from('t'), length, Buffer.from(text)])
}
const tuple = (kind: string, ...cells: readonly Buffer[]) =>
  Buffer.concat([Buffer.from(kind), Buffer.from([0, cells.length]), ...cells])
const message = (kind: string, ...parts: readonly Buffer[]) =>
  Buffer.concat([Buffer.from(kind), Buffer.from(relation), ...parts])

const long = 'x'.repeat(1_280_000)
const nothing = Buffer.from('n')

test.each([
  ['an insert', message('I', tuple('N', cell('desk-02'), cell(long), nothing))],
  ['an update', message('U', tuple('N', cell('desk-02'), cell(long), nothing))],
  [
    'an update with its before-image',
    message('U', tuple('O', cell('other'), cell(long)), tuple('N', cell('desk-02'), cell('x'))),
  ],
  ['a delete', message('D', tuple('O', cell('desk-02'), cell(long)))],
])('%s names its table and its row', (_, bytes) => {
  const change = walChangeOf(bytes)
  expect(change?.relation).toBe(16_391)
  expect(change?.values[0]).toBe('desk-02')
  expect(Math.max(...(change?.values ?? []).map((value) => value?.length ?? 0))).toBeLessThan(201)
})

test('other messages and what is cut off name nothing', () => {
  expect(walChangeOf(Buffer.from('B0123456789'))).toBeUndefined()
  expect(walChangeOf(Buffer.from('I'))).toBeUndefined()
  expect(walChangeOf(message('I', Buffer.from('N'), Buffer.from([0, 3, 116])))?.values).toEqual([
    undefined,
    undefined,
    undefined,
  ])
})
