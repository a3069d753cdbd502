import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readResult } from './result.ts'
import { surplus, writeRun } from './store.ts'

const folder = mkdtempSync(join(tmpdir(), 'ten-seams-load-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('a run is written as figures and as a page, under the time at which it began', () => {
  const run = { json: { format: 1, steps: [] }, page: '<!doctype html>' }
  const files = writeRun('2026-11-30T10:11:12.345Z', run, folder)
  expect(readdirSync(folder).sort()).toEqual([
    '2026-11-30T10-11-12.html',
    '2026-11-30T10-11-12.json',
  ])
  expect(readResult(files.json)).toEqual(run.json)
  expect(readFileSync(files.page, 'utf8')).toBe(run.page)
})

test('the oldest runs go, both files of each, and nothing else', () => {
  const runs = ['2026-11-01T00-00-00', '2026-11-02T00-00-00', '2026-11-03T00-00-00']
  const files = [...runs.flatMap((run) => [`${run}.json`, `${run}.html`]), 'before.json', 'notes']
  expect(surplus(files, 2)).toEqual(['2026-11-01T00-00-00.json', '2026-11-01T00-00-00.html'])
  expect(surplus(files, 3)).toEqual([])
})

test.each(['{', '[]', 'null', '{"format":0}'])('a file with %s is no result', (text) => {
  const file = join(folder, 'other.json')
  writeFileSync(file, text)
  expect(() => readResult(file)).toThrow(file)
})

test('a file that is not there is named', () => {
  expect(() => readResult(join(folder, 'missing.json'))).toThrow('missing.json cannot be read')
})
