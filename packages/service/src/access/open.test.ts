import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeCallers } from '@tenseams/identities/callers'
import { Registry } from 'prom-client'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { buildServer, type Server } from '../server.ts'
import { accessOf } from './open.ts'

let folder: string
let file: string
let server: Server

const operator = { identity: 'operator', token: 'old-token' }

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'access-'))
  file = join(folder, 'callers.json')
  await writeCallers(file, [operator])
  const audit = join(folder, 'audit', 'fulfilment.log')
  const access = accessOf('fulfilment', { CALLERS_FILE: file, AUDIT_FILE: audit })
  const base = { name: 'fulfilment', logLevel: 'silent', metrics: new Registry(), ready: {} }
  server = buildServer({ ...base, access })
})

afterEach(async () => {
  await server.close()
  rmSync(folder, { recursive: true, force: true })
})

const metrics = async (token: string): Promise<number> =>
  (await server.inject({ url: '/metrics', headers: { authorization: `Bearer ${token}` } }))
    .statusCode

describe('a service with the files that the launcher writes', () => {
  test('goes on answering while a token is replaced: first both, then the new one', async () => {
    expect([await metrics('old-token'), await metrics('new-token')]).toEqual([200, 401])
    await writeCallers(file, [{ ...operator, next: { token: 'new-token' } }])
    expect([await metrics('new-token'), await metrics('old-token')]).toEqual([200, 200])
    await writeCallers(file, [{ ...operator, token: 'new-token' }])
    // A token that is not known makes the service look at once.
    expect(await metrics('another')).toBe(401)
    expect([await metrics('new-token'), await metrics('old-token')]).toEqual([200, 401])
  })

  test('writes down who has used it, and who has tried, without a token', async () => {
    await metrics('old-token')
    await metrics('another')
    const read = (name: string) => readFileSync(join(folder, 'audit', name), 'utf8')
    const known = read('fulfilment.log')
    const strangers = read('fulfilment.strangers.log')
    expect(JSON.parse(known)).toMatchObject({ identity: 'operator', outcome: 'allowed' })
    expect(JSON.parse(strangers)).toMatchObject({ identity: null, outcome: 'refused' })
    expect(known + strangers).not.toMatch(/old-token|another/)
  })
})
