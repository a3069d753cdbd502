import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { httpLogin } from './http-login.ts'

const folder = mkdtempSync(join(tmpdir(), 'tenseams-http-login-'))
afterAll(() => rmSync(folder, { recursive: true }))

const file = join(folder, 'operator.json')
const write = (content: object) => writeFileSync(file, JSON.stringify(content), { mode: 0o600 })

test('a login is the identity’s name with its token, as it is in the file now', async () => {
  const login = httpLogin(file)
  write({ identity: 'operator', token: 'first' })
  expect(await login()).toBe(`Basic ${btoa('operator:first')}`)
  write({ identity: 'operator', token: 'second' })
  expect(await login()).toBe(`Basic ${btoa('operator:second')}`)
})

test('an identity without a token cannot log in, and the error says what to set', async () => {
  write({ identity: 'fulfilment' })
  await expect(httpLogin(file)()).rejects.toThrow(/fulfilment has no token .*set CREDENTIALS_FILE/)
})
