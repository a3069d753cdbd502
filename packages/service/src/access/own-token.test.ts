import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openOwnToken } from './own-token.ts'

let folder: string
let file: string
let now = 0

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'own-token-'))
  file = join(folder, 'payments.json')
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

const write = (content: object) =>
  writeFileSync(file, JSON.stringify({ identity: 'payments', ...content }), { mode: 0o600 })

test('the token of the file is sent, a replaced one after a second', async () => {
  write({ token: 'old' })
  const token = await openOwnToken(file, { now: () => now })
  write({ token: 'new' })
  expect(await token()).toEqual({ authorization: 'Bearer old' })
  now += 1_000
  expect(await token()).toEqual({ authorization: 'Bearer new' })
})

test('the token of before is sent while the file cannot be read', async () => {
  write({ token: 'old' })
  const token = await openOwnToken(file, { now: () => now })
  rmSync(file)
  now += 1_000
  expect(await token()).toEqual({ authorization: 'Bearer old' })
})

test('an identity without a token does not start', async () => {
  write({})
  await expect(openOwnToken(file)).rejects.toThrow(/payments has no token/)
  await expect(openOwnToken(`${file}.gone`)).rejects.toThrow(/npm run stack -- up/)
})
