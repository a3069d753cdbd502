import { portsAt } from '@tenseams/cli/ports'
import { expect, test } from 'vitest'
import { abandonedOf, freeOffset, instanceOf } from './instance.ts'

test('the instance of a dead run is abandoned, that of a living one is not', () => {
  const names = [
    'default',
    'test-12',
    'test-13',
    'test-13.lock',
    'prove-12',
    instanceOf(process.pid),
  ]
  expect(abandonedOf(names, (pid) => pid === 13)).toEqual(['test-12', instanceOf(process.pid)])
})

test('an offset is free when nothing listens on any of its ports', () => {
  expect(freeOffset(new Set(), 0)).toBe(10_000)
  expect(freeOffset(new Set([portsAt(10_000).kafka, portsAt(9_900).sqlGateway]), 0)).toBe(9_800)
  expect(freeOffset(new Set(), 1)).toBe(9_900)
})

test('without free ports there is no guess', () => {
  const all = new Set(Array.from({ length: 65_536 }, (_, port) => port))
  expect(() => freeOffset(all)).toThrow('no free ports')
})
