import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { isSameProcess } from '../host/procfs.ts'
import { openContext } from './context.ts'
import { holderOf } from './lock.ts'
import { endWatcher, isWatched, startWatcher, watcherLockOf } from './watch.ts'

const root = mkdtempSync(join(tmpdir(), 'tenseams-watching-'))
const { paths } = await openContext({ root, instance: 'one' })
const holder = () => holderOf(watcherLockOf(paths))

afterAll(async () => {
  await endWatcher(paths)
  rmSync(root, { recursive: true, force: true })
})

test('an instance has one watcher, which ends with the watch', { timeout: 60_000 }, async () => {
  expect(isWatched(paths)).toBe(false)
  await startWatcher(paths)
  const first = holder()
  expect(first).toBeDefined()
  await startWatcher(paths)
  expect(holder()).toEqual(first)
  await endWatcher(paths)
  expect(isWatched(paths)).toBe(false)
  await endWatcher(paths)
})

test('it ends by itself when its instance is gone', { timeout: 60_000 }, async () => {
  await startWatcher(paths)
  const watcher = holder()
  if (watcher === undefined) throw new Error('it does not watch')
  rmSync(paths.state, { recursive: true, force: true })
  await expect.poll(() => isSameProcess(watcher), { timeout: 20_000 }).toBe(false)
})
