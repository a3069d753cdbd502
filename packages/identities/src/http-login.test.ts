import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { askAs, httpLogin } from './http-login.ts'

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

describe('whoever asks as somebody', () => {
  /** A server that knows one token. */
  const knowing = (token: string, asked: string[]) => async (authorization: string) => {
    asked.push(authorization)
    return new Response('', { status: authorization === token ? 200 : 401 })
  }
  const inTurn = (...tokens: string[]) => {
    const last = tokens.at(-1) ?? ''
    return async () => tokens.shift() ?? last
  }

  test('asks once more when a rotation has ended between reading the file and the request', async () => {
    const asked: string[] = []
    const answer = await askAs(inTurn('old', 'new'), knowing('new', asked))
    expect([answer.status, asked]).toEqual([200, ['old', 'new']])
  })

  test('asks no second time with the same token, and no third time', async () => {
    const asked: string[] = []
    expect((await askAs(inTurn('a', 'a'), knowing('other', asked))).status).toBe(401)
    expect((await askAs(inTurn('b', 'c', 'd'), knowing('d', asked))).status).toBe(401)
    expect(asked).toEqual(['a', 'b', 'c'])
  })
})
