import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openOwnToken } from './own-token.ts'

let folder: string
let file: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'own-token-'))
  file = join(folder, 'payments.json')
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** As a rotation replaces it. */
function write(content: object): void {
  const text = JSON.stringify({ identity: 'payments', ...content })
  writeFileSync(`${file}.next`, text, { mode: 0o600 })
  renameSync(`${file}.next`, file)
}

test('the token of the file is sent, and a replaced one from the next request on', async () => {
  write({ token: 'old' })
  const token = await openOwnToken(file)
  expect(await token()).toEqual({ authorization: 'Bearer old' })
  write({ token: 'new' })
  expect(await token()).toEqual({ authorization: 'Bearer new' })
})

test('the token of before is sent while the file cannot be read', async () => {
  write({ token: 'old' })
  const token = await openOwnToken(file)
  rmSync(file)
  expect(await token()).toEqual({ authorization: 'Bearer old' })
  write({ token: 'new' })
  expect(await token()).toEqual({ authorization: 'Bearer new' })
})

test('an identity without a token does not start', async () => {
  write({})
  await expect(openOwnToken(file)).rejects.toThrow(/payments has no token/)
  await expect(openOwnToken(`${file}.gone`)).rejects.toThrow(/npm run stack -- up/)
})
