import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openContext } from '../supervise/context.ts'
import { type FlinkProcessName, flinkSettings } from './flink-settings.ts'

const root = mkdtempSync(join(tmpdir(), 'tenseams-flink-'))
const context = await openContext({ root, instance: 'one' })
afterAll(() => rmSync(root, { recursive: true, force: true }))

const processes: readonly FlinkProcessName[] = [
  'flink-jobmanager',
  'flink-taskmanager',
  'sql-gateway',
]

test.each(processes)('%s takes no jar, and lets no page of another origin read', (name) => {
  const settings = flinkSettings(context, name, 1)
  expect(settings['web.submit.enable']).toBe(false)
  expect(settings['web.access-control-allow-origin']).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
})

test.each(processes)('%s listens on the loopback interface only', (name) => {
  const settings = Object.entries(flinkSettings(context, name, 1))
  const addresses = settings.filter(([key]) => /(?:^|[.-])(?:host|address)$/.test(key))
  expect(addresses.length).toBeGreaterThan(5)
  for (const [key, address] of addresses) expect([key, address]).toEqual([key, '127.0.0.1'])
})
