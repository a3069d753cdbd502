import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { pathsOf } from '../launcher/host/paths.ts'
import { counts, type Unused } from './asked.ts'
import { unusedInFlink } from './flink.ts'
import { unusedInKafka } from './kafka.ts'
import { unusedRoutes } from './routes.ts'
import { unusedInPostgres } from './tables.ts'
import { linesOf } from './unused.ts'

let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'unused-'))
})

afterEach(() => rmSync(root, { recursive: true }))

const asked = (since?: string) => ({
  paths: pathsOf(root, 'any'),
  // Port 1: nothing listens there.
  endpoints: { postgres: { host: '127.0.0.1', port: 1 } },
  since: since === undefined ? undefined : new Date(since),
})

function write(name: string, ...lines: readonly string[]): void {
  const file = join(root, '.stack', 'any', name)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, lines.map((line) => `${line}\n`).join(''))
}

const has = ({ rights = [] }: Unused, right: string) => rights.includes(right)

const right = 'orders may read topic payments.payment.v1'
const noted = (day: string) => `${day}T10:00:00Z orders read topic payments.payment.v1`

test('a right in Kafka is used when a broker has noted it on one of the days', () => {
  write('audit/kafka/2026-11-28.uses', noted('2026-11-28'))
  write('audit/kafka/2026-11-30.uses', '2026-11-30T01:00:00Z full')
  expect(has(unusedInKafka(asked()), right)).toBe(false)
  expect(has(unusedInKafka(asked('2026-11-28T23:00Z')), right)).toBe(false)
  const later = unusedInKafka(asked('2026-11-29'))
  expect(has(later, right)).toBe(true)
  expect(later.known).toContain('since the day 2026-11-29')
  expect(later.known).toContain('2026-11-30.uses was full')
})

test('brokers that have noted nothing used no right that is known, and the next step is said', () => {
  const { rights, known } = unusedInKafka(asked())
  expect(rights).toBeUndefined()
  expect(known).toContain('npm run stack -- restart kafka --instance any')
})

const audited = (changes: object) =>
  JSON.stringify({
    ...{ at: '2026-11-30T12:00:00.000Z', service: 'auditor', identity: 'operator' },
    ...{ method: 'POST', route: '/audits', outcome: 'allowed', status: 202 },
    ...changes,
  })

test.each([
  ['answered', {}, false],
  ['not done, because of an outage', { status: 503 }, false],
  ['refused', { outcome: 'refused', status: 403 }, true],
  ['let through and malformed, as by who only tries it', { status: 415 }, true],
  ['of before', { at: '2026-11-29T12:00:00.000Z' }, true],
])('a control route that was %s', (_, changes, isUnused) => {
  write('audit/auditor.log', '{"at":"2026-11-3', audited(changes))
  write('audit/auditor.strangers.log', audited({ identity: null, outcome: 'refused' }))
  const line = 'nobody used POST /audits of auditor, which is for operator'
  expect(has(unusedRoutes(asked('2026-11-30')), line)).toBe(isUnused)
})

test('uses in a full audit log count, and that older ones may be gone is said', () => {
  write('audit/auditor.log', audited({ identity: 'reader', route: '/audits/last', method: 'GET' }))
  write('audit/auditor.log.4', audited({ at: '2026-11-01T00:00:00.000Z' }))
  const { rights = [], known } = unusedRoutes(asked())
  expect(rights.filter((each) => each.includes('of auditor, '))).toEqual([
    'nobody used GET /health/detail of auditor, which is for reader',
    'nobody used GET /metrics of auditor, which is for reader',
  ])
  expect(known).toContain('since 2026-11-01T00:00:00.000Z')
  expect(known).toContain('what is older than auditor.log.4 is not known')
})

test("who changes something in Flink is known from its logs' lines", () => {
  const line = (at: string, who: string) =>
    `2026-11-30T${at}.000Z INFO  t.f.LoginHandler - ${who}: POST /v3/sessions`
  write(
    'logs/sql-gateway.log',
    line('10:00:00', 'operator'),
    'at x.y(z)',
    line('12:00:00', 'admin'),
  )
  const gateway = (since?: string) =>
    unusedInFlink(asked(since)).rights?.filter((each) => each.includes('sql-gateway'))
  expect(gateway()).toEqual([])
  expect(gateway('2026-11-30T11:00Z')).toEqual(['operator may run at sql-gateway'])
  expect(unusedInFlink(asked()).rights).toContain('flink may change at flink')
})

test('times in which somebody only tried what is allowed do not count', () => {
  const tried = {
    ...asked('2026-11-30'),
    leftOut: [{ from: new Date('2026-11-30T10:00Z'), to: new Date('2026-11-30T10:01Z') }],
  }
  const at = (time: string) => counts(tried, new Date(`2026-11-${time}Z`))
  expect([at('30T10:00'), at('30T10:02'), at('29T23:59')]).toEqual([false, true, false])
})

test('a server that does not answer is told, and the others are listed', async () => {
  const postgres = await unusedInPostgres(asked())
  expect(postgres).toMatchObject({ rights: undefined })
  const lines = linesOf([{ server: 'Kafka', rights: ['a may b'], known: 'since x' }, postgres])
  expect(lines.slice(0, 2)).toEqual(['Kafka: 1 not used: since x', '  a may b'])
  expect(lines[2]).toMatch(/^Postgres: not known: it cannot be asked: .+/)
  expect(lines.at(-1)).toContain('they keep no list')
})
