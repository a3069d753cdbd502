import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { reportFolderVariable } from './report-folder.ts'
import { listUnusedRights, triedIn, tryOut } from './unused-rights.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tried-'))
  vi.stubEnv(reportFolderVariable, folder)
})

afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  rmSync(folder, { recursive: true })
})

test('the time in which rights are only tried is known to the run, also when the trial fails', async () => {
  expect(triedIn(folder)).toEqual([])
  const before = new Date()
  expect(await tryOut(async () => 'result')).toBe('result')
  await expect(tryOut(() => Promise.reject(new Error('refused')))).rejects.toThrow('refused')
  const periods = triedIn(folder)
  expect(periods).toHaveLength(2)
  for (const { from, to } of periods) {
    expect(from >= before && to >= from && to <= new Date()).toBe(true)
  }
})

test('a list that cannot be made fails nothing, and says why', async () => {
  const said = vi.spyOn(console, 'log').mockReturnValue()
  await listUnusedRights('No Such Instance')
  expect(said).toHaveBeenCalledWith(expect.stringMatching(/cannot be listed: the name of an/))
})
