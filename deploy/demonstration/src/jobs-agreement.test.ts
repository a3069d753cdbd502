import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { keepSubmission } from '@tenseams/flink-jobs/run/kept-submission'
import { readJob } from '@tenseams/flink-jobs/script/job'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compareJobs, secondsInUse } from './jobs-agreement.ts'
import { demonstrationSeconds } from './settings.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ten-seams-agreement-'))
  const script = { settings: { 'parallelism.default': '1' }, tables: [], statements: [] }
  keepSubmission(folder, readJob('order-to-cash'), script)
  const savepoint = join(folder, 'savepoints', 'order-to-cash', 'savepoint-1')
  mkdirSync(savepoint, { recursive: true })
  writeFileSync(join(savepoint, '_metadata'), '')
})
afterAll(() => rmSync(folder, { recursive: true }))

test('an instance whose state has other intervals is compared by those', async () => {
  expect(secondsInUse(folder, 'order-to-cash').term).toBe(900)
  expect(secondsInUse(folder, 'shopper-sessions').term).toBe(demonstrationSeconds.term)
  const asked: string[] = []
  const ask = async (sql: string) => {
    asked.push(sql)
    return [{ due: 3, found: 3, same: 3 }]
  }
  await compareJobs(ask, { stateFolder: folder, finalBeforeMs: 5 })
  expect(asked.filter((sql) => sql.includes('INTERVAL 900 SECOND'))).toHaveLength(1)
  expect(asked.every((sql) => sql.includes('WHERE final_ms < 5'))).toBe(true)
})
