import { expect, test } from 'vitest'
import { identities } from './identities.ts'
import { serverCells, serverRights, whoLogsIn } from './server-rights.ts'

const cells = serverCells()
const allowedTo = (target: string, operation: string) =>
  cells
    .filter((cell) => cell.allowed && cell.target === target && cell.operation === operation)
    .map(({ identity }) => identity ?? 'nobody')

test('only the publisher registers, sets levels and deletes; Connect registers what it captures', () => {
  expect(allowedTo('registry', 'register')).toEqual(['publisher'])
  expect(allowedTo('registry', 'set-level')).toEqual(['publisher'])
  expect(allowedTo('registry', 'delete')).toEqual(['publisher'])
  expect(allowedTo('registry', 'register-raw-change')).toEqual(['connect', 'publisher'])
})

test('who does not log in changes nothing', () => {
  const open = cells.filter(({ identity, allowed }) => allowed && identity === undefined)
  expect(open.map(({ target, operation }) => `${target}: ${operation}`)).toEqual([
    'registry: read',
    'flink: read',
  ])
})

test('whoever changes the lake reads it; a reader, the auditor and the load only look', () => {
  const [readers, writers] = [allowedTo('catalog', 'read'), allowedTo('catalog', 'change')]
  expect(writers).toEqual(['lakehouse', 'flink', 'admin', 'operator'])
  expect(readers.filter((name) => !writers.includes(name))).toEqual([
    'auditor',
    'exporter',
    'load',
    'reader',
  ])
})

test('the matrix has a cell for each operation and identity, and for whoever has none', () => {
  const operations = Object.values(serverRights).flatMap((rights) => Object.keys(rights))
  expect(cells).toHaveLength(operations.length * (identities.length + 1))
})

test('whoever may do something after a login has a token to log in with', () => {
  const names = new Set(
    (['registry', 'connect', 'flink', 'sql-gateway', 'catalog'] as const).flatMap(whoLogsIn),
  )
  const without = identities.filter(({ name, http }) => names.has(name) && http === undefined)
  expect(without).toEqual([])
})
