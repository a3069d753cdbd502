import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { callersOf, tokenHashOf, writeCallers } from './callers.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'callers-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

const operator = { identity: 'operator', token: 'one' }

test('callers are the identities that have a token, with its hash and their role', () => {
  const payments = { identity: 'payments', token: 'two' }
  expect(callersOf([operator, payments, { identity: 'fulfilment' }])).toMatchObject({
    callers: [
      { identity: 'operator', role: 'operator', tokenHashes: [tokenHashOf('one')] },
      { identity: 'payments', tokenHashes: [tokenHashOf('two')] },
    ],
  })
})

test('during a rotation, both tokens are accepted', () => {
  const { callers } = callersOf([{ ...operator, next: { token: 'new' } }])
  expect(callers[0]?.tokenHashes).toEqual([tokenHashOf('one'), tokenHashOf('new')])
})

test('the file has no token, is its owner’s, and stays as it is when nothing changes', async () => {
  const file = join(folder, 'callers.json')
  await writeCallers(file, [operator])
  expect(readFileSync(file, 'utf8')).not.toContain('one')
  const { mode, ino } = statSync(file)
  expect(mode & 0o777).toBe(0o600)
  await writeCallers(file, [operator])
  expect(statSync(file).ino).toBe(ino)
  await writeCallers(file, [{ ...operator, token: 'other' }])
  expect(readFileSync(file, 'utf8')).toContain(tokenHashOf('other'))
})
