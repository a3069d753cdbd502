import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test, vi } from 'vitest'
import type { Page } from './notification.ts'
import { PageFile } from './page-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'tenseams-pages-'))
afterAll(() => rmSync(folder, { recursive: true }))

const page = (groupKey: string): Page => ({
  ...{ receivedAt: '2026-11-30T12:00:00.000Z', receiver: 'page', status: 'firing' },
  ...{ groupKey, alerts: [], truncatedAlerts: 0 },
})

const keys = (file: PageFile) => file.newest(100).map(({ groupKey }) => groupKey)

/** The next line that is appended, to any file, is written in part only: as on a disk that is full just then. */
async function cutOffNextLine(file: string): Promise<void> {
  const some = await open(file)
  const handles: FileHandle = Object.getPrototypeOf(some)
  await some.close()
  const { appendFile } = handles
  vi.spyOn(handles, 'appendFile').mockImplementationOnce(async function (this: FileHandle, line) {
    await appendFile.call(this, String(line).slice(0, 20))
    throw new Error('ENOSPC: no space left on device')
  })
}

describe('the file of pages', () => {
  test('has what was added, the newest first, also after a restart', async () => {
    const file = join(folder, 'restart', 'pages.jsonl')
    const first = await PageFile.open({ file, most: 10 })
    await Promise.all(['a', 'b', 'c'].map((key) => first.add(page(key))))
    expect(keys(first)).toEqual(['c', 'b', 'a'])
    expect(first.newest(1)).toEqual([page('c')])
    await first.close()
    const second = await PageFile.open({ file, most: 10 })
    expect(keys(second)).toEqual(['c', 'b', 'a'])
    await second.close()
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  test('leaves out a line that a crash has cut off, and nothing else', async () => {
    const file = join(folder, 'cut.jsonl')
    const first = await PageFile.open({ file, most: 10 })
    await first.add(page('a'))
    await first.close()
    appendFileSync(file, '{"receivedAt":"2026')
    const second = await PageFile.open({ file, most: 10 })
    await second.add(page('b'))
    await second.close()
    const third = await PageFile.open({ file, most: 10 })
    expect(keys(third)).toEqual(['b', 'a'])
    await third.close()
  })

  test('leaves out a line that a full disk has cut off, and keeps the next one', async () => {
    const file = join(folder, 'full.jsonl')
    const first = await PageFile.open({ file, most: 10 })
    await first.add(page('a'))
    await cutOffNextLine(file)
    await expect(first.add(page('lost'))).rejects.toThrow('ENOSPC')
    await first.add(page('b'))
    await first.close()
    const second = await PageFile.open({ file, most: 10 })
    expect(keys(second)).toEqual(['b', 'a'])
    await second.close()
  })

  test('keeps no more than it may, in memory and on disk', async () => {
    const file = join(folder, 'bounded.jsonl')
    const pages = await PageFile.open({ file, most: 3 })
    for (const key of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) await pages.add(page(key))
    expect(keys(pages)).toEqual(['g', 'f', 'e'])
    await pages.close()
    const lines = readFileSync(file, 'utf8').trim().split('\n')
    expect(lines.length).toBeLessThan(6)
    const again = await PageFile.open({ file, most: 3 })
    expect(keys(again)).toEqual(['g', 'f', 'e'])
    await again.close()
  })
})
