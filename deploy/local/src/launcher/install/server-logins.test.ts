import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type IdentityName, identities } from '@tenseams/identities/identities'
import { whoLogsIn } from '@tenseams/identities/server-rights'
import { afterAll, expect, test } from 'vitest'
import { pathsOf } from '../host/paths.ts'
import { loginsFileOf, registryAccess, writeAllLogins, writeLogins } from './server-logins.ts'

const folder = mkdtempSync(join(tmpdir(), 'tenseams-logins-'))
afterAll(() => rmSync(folder, { recursive: true }))

const instance = {
  paths: pathsOf(folder, 'any'),
  secrets: { fileOf: (name: IdentityName) => join(folder, `${name}.json`) },
}
const tokenOf = (name: string) => `token-of-${name}`
const hashOf = (token: string) => createHash('sha256').update(token).digest('hex')

function writeCredentials(name: string, more: object = {}): void {
  const content = { identity: name, token: tokenOf(name), ...more }
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(content), { mode: 0o600 })
}

for (const { name } of identities) writeCredentials(name)

const textOf = (server: 'connect' | 'flink' | 'sql-gateway' | 'catalog') =>
  readFileSync(loginsFileOf(instance.paths, server), 'utf8')

test('a server is told the hashes of those who may log in, and no token', async () => {
  await writeLogins(instance, 'connect')
  const lines = textOf('connect').trim().split('\n')
  expect(lines.toSorted()).toEqual(
    whoLogsIn('connect')
      .map((name) => `${hashOf(tokenOf(name))} ${name}`)
      .toSorted(),
  )
  expect(textOf('connect')).not.toContain('token-of')
  expect(statSync(loginsFileOf(instance.paths, 'connect')).mode & 0o777).toBe(0o600)
})

test('the catalogue knows also those who may do nothing there, so that it can say so', async () => {
  await writeLogins(instance, 'catalog')
  expect(textOf('catalog')).toContain(`${hashOf(tokenOf('lakehouse'))} lakehouse\n`)
  expect(textOf('catalog')).toContain(`${hashOf(tokenOf('payments'))} payments\n`)
  expect(textOf('catalog')).not.toContain('fulfilment')
})

test('while a rotation is under way, both tokens of an identity are known', async () => {
  writeCredentials('operator', { next: { token: 'another' } })
  await writeAllLogins(instance)
  writeCredentials('operator')
  for (const server of ['connect', 'flink', 'sql-gateway', 'catalog'] as const) {
    expect(textOf(server)).toContain(`${hashOf(tokenOf('operator'))} operator\n`)
    expect(textOf(server)).toContain(`${hashOf('another')} operator\n`)
  }
  const { callers } = JSON.parse(readFileSync(instance.paths.callers, 'utf8'))
  expect(callers).toContainEqual({
    ...{ identity: 'operator', role: 'operator' },
    tokenHashes: [hashOf(tokenOf('operator')), hashOf('another')],
  })
})

test('the registry gets hashes too, one administrator, and for Connect a role that counts at one address', () => {
  const access = registryAccess([
    { identity: 'publisher', token: 'a' },
    { identity: 'connect', token: 'b' },
    { identity: 'fulfilment' },
  ])
  const embedded = 'quarkus.security.users.embedded'
  expect(access).toMatchObject({
    [`${embedded}.users.publisher`]: hashOf('publisher:Quarkus:a'),
    [`${embedded}.roles.publisher`]: 'sr-admin',
    [`${embedded}.roles.connect`]: 'connect',
    'apicurio.auth.role-based-authorization': 'true',
    'quarkus.http.auth.permission.raw-changes.methods': 'POST',
    'quarkus.http.auth.permission.raw-changes.paths': '/apis/registry/v2/groups/cdc/artifacts',
  })
  const roles = Object.entries(access).filter(([key]) => key.startsWith(`${embedded}.roles`))
  expect(roles.filter(([, role]) => role === 'sr-admin')).toHaveLength(1)
  expect(Object.keys(access).join()).not.toContain('fulfilment')
})
