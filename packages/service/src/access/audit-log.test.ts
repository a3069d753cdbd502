import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { AuditFile, openAuditLog, type Use } from './audit-log.ts'

let folder: string
let file: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'audit-'))
  file = join(folder, 'audit', 'orders.log')
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

const read = (name: string) => readFileSync(join(folder, 'audit', name), 'utf8')
const names = () => readdirSync(join(folder, 'audit')).sort()

const use: Use = {
  ...{ at: '2026-11-30T12:00:00.000Z', service: 'orders', identity: 'operator' },
  ...{ role: 'operator', method: 'POST', route: '/read-model/rebuild' },
  ...{ path: '/read-model/rebuild', outcome: 'allowed', status: 202, reason: null },
  ...{ from: '127.0.0.1:5000', requestId: '1' },
}

test('a line a use, after those of an earlier process, readable by its owner only', () => {
  for (const status of [202, 503]) {
    const log = openAuditLog(file, () => undefined)
    log.write({ ...use, status })
    log.close()
  }
  const lines = read('orders.log').trimEnd().split('\n')
  expect(lines.map((line) => JSON.parse(line).status)).toEqual([202, 503])
  expect(statSync(file).mode & 0o777).toBe(0o600)
})

test('a text with a line break stays one line', () => {
  const log = openAuditLog(file, () => undefined)
  log.write({ ...use, path: '/a\n{"identity":"admin"}' })
  log.close()
  expect(read('orders.log').trimEnd().split('\n')).toHaveLength(1)
})

test('strangers fill a file of their own', () => {
  const log = openAuditLog(file, () => undefined)
  log.write(use)
  log.write({ ...use, identity: null, role: null, outcome: 'refused', status: 401 })
  log.close()
  expect(read('orders.log').trimEnd().split('\n')).toHaveLength(1)
  expect(read('orders.strangers.log')).toContain('"status":401')
})

test('a full file is kept beside the current one, and the oldest is removed', () => {
  const audit = new AuditFile({ file, mostBytes: 30, mostKept: 2 })
  for (let number = 0; number < 10; number += 1) audit.append(`line ${number} ${'x'.repeat(10)}`)
  audit.close()
  expect(names()).toEqual(['orders.log', 'orders.log.1', 'orders.log.2'])
  const first = (name: string) => read(name).split('\n')[0]?.slice(0, 6)
  expect(['orders.log.2', 'orders.log.1', 'orders.log'].map(first)).toEqual([
    'line 7',
    'line 8',
    'line 9',
  ])
})

test('a line larger than a file is written whole', () => {
  const audit = new AuditFile({ file, mostBytes: 10, mostKept: 1 })
  audit.append('a line that is too long')
  audit.close()
  expect(read('orders.log')).toBe('a line that is too long\n')
})

test('a line that cannot be written is reported, with the line', () => {
  const lost: Use[] = []
  const log = openAuditLog(file, (_, line) => lost.push(line))
  log.close()
  log.write(use)
  expect(lost).toEqual([use])
})

test('a service whose audit log cannot be written does not start', () => {
  writeFileSync(join(folder, 'audit'), '')
  expect(() => openAuditLog(file, () => undefined)).toThrow()
})
