import { expect, test } from 'vitest'
import { undeclaredLogLines, undeclaredMetrics } from './telemetry.ts'

const judged = (text: string, path = 'services/orders/src/a.ts') =>
  undeclaredMetrics(new Map([[path, text]]))

test.each([
  "import { Counter, type Registry } from 'prom-client'",
  "import * as client from 'prom-client'",
  "import client from 'prom-client'",
  "export { Gauge } from 'prom-client'",
  "const client = await import('prom-client')",
])('a metric can be made past its declaration by %s', (text) => {
  expect(judged(text)).toHaveLength(1)
})

test.each([
  "import { Registry } from 'prom-client'",
  "import type { Registry } from 'prom-client'",
  "import { openCounter } from '@tenseams/telemetry/instruments'",
])('no metric can be made by %s', (text) => {
  expect(judged(text)).toEqual([])
})

test('the room of telemetry makes them', () => {
  const path = 'packages/telemetry/src/instruments.ts'
  expect(judged("import { Counter } from 'prom-client'", path)).toEqual([])
})

test.each([
  ["server.log.warn({ anything }, 'words')", 1],
  ["request.log.error({ err }, 'words')", 1],
  ["logOf(server).warn({ err }, 'words')", 0],
  ['const { log } = options', 0],
])('of the lines that %s writes, %d may have undeclared fields', (text, count) => {
  expect(undeclaredLogLines(new Map([['services/orders/src/a.ts', text]]))).toHaveLength(count)
  expect(undeclaredLogLines(new Map([['services/orders/src/a.test.ts', text]]))).toEqual([])
})
