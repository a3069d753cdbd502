import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { holderOf, Locked, takeLock } from './lock.ts'

const folder = mkdtempSync(join(tmpdir(), 'tenseams-lock-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('refuses while it is held, and can be taken again after its release', () => {
  const file = join(folder, 'held')
  const release = takeLock(file, 'it')
  expect(() => takeLock(file, 'it')).toThrow(Locked)
  expect(holderOf(file)?.pid).toBe(process.pid)
  release()
  takeLock(file, 'it')()
})

test.each([
  ['of a process that is gone', '{"pid":1,"startTicks":"0","bootId":"before"}'],
  ['whose writing was cut off', '{"pi'],
])('counts for nothing when it is one %s', (_, content) => {
  const file = join(folder, 'stale')
  writeFileSync(file, content)
  expect(() => takeLock(file, 'it')()).not.toThrow()
})
