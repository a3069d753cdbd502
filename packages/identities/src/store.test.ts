import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readCredentials } from './credentials.ts'
import { identities, ownerOfRole, postgresRoles } from './identities.ts'
import { completeStore, credentialsFileIn, replaceCredentials } from './store.ts'

const root = mkdtempSync(join(tmpdir(), 'tenseams-store-'))
afterAll(() => rmSync(root, { recursive: true }))
const newStore = () => ({ folder: join(root, crypto.randomUUID(), 'secrets') })

test('every role of Postgres is of one identity, and every name is there once', () => {
  expect(new Set(postgresRoles).size).toBe(postgresRoles.length)
  expect(new Set(identities.map(({ name }) => name)).size).toBe(identities.length)
  expect(ownerOfRole('vault_service')).toBe('orders')
})

test('each identity gets a file of its own that only the owner can use', async () => {
  const store = newStore()
  await completeStore(store)
  expect(statSync(store.folder).mode & 0o777).toBe(0o700)
  expect(readdirSync(store.folder).sort()).toEqual(
    identities.map(({ name }) => `${name}.json`).sort(),
  )
  for (const { name, kafka, postgres, http } of identities) {
    const file = credentialsFileIn(store, name)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const credentials = await readCredentials(file)
    expect(credentials.identity).toBe(name)
    expect(credentials.kafka?.username).toBe(kafka ? name : undefined)
    expect(Object.keys(credentials.postgres ?? {})).toEqual([...postgres])
    expect(credentials.token !== undefined).toBe(http !== undefined)
  }
})

test('no two secrets are the same', async () => {
  const all = await completeStore(newStore())
  const secrets = [...all.values()].flatMap(({ kafka, postgres = {}, token }) => [
    ...[kafka?.password, ...Object.values(postgres), token].filter((each) => each !== undefined),
  ])
  expect(new Set(secrets).size).toBe(secrets.length)
})

test('a second time, everything stays as it is', async () => {
  const store = newStore()
  const first = await completeStore(store)
  expect(await completeStore(store, { orders_service: 'other' })).toEqual(first)
})

test('a new file takes over the password that its role already has', async () => {
  const all = await completeStore(newStore(), { orders_service: 'former', postgres: 'former too' })
  expect(all.get('orders')?.postgres?.orders_service).toBe('former')
  expect(all.get('admin')?.postgres?.postgres).toBe('former too')
  expect(all.get('orders')?.postgres?.vault_service).toMatch(/^[0-9a-f]{48}$/)
})

test('a file gets what its identity has got since, and keeps the rest, a rotation under way included', async () => {
  const store = newStore()
  mkdirSync(store.folder, { recursive: true })
  const file = credentialsFileIn(store, 'orders')
  const kept = { identity: 'orders', postgres: { orders_service: 'kept' }, next: { token: 'n' } }
  await replaceCredentials(file, kept)
  await completeStore(store)
  const { kafka, postgres, next } = await readCredentials(file)
  expect(postgres).toEqual({ orders_service: 'kept', vault_service: expect.any(String) })
  expect([kafka?.username, next]).toEqual(['orders', { token: 'n' }])
})

test('processes that make the store at once all read the same secrets', async () => {
  const store = newStore()
  const [first, ...others] = await Promise.all([1, 2, 3, 4].map(() => completeStore(store)))
  for (const other of others) expect(other).toEqual(first)
})

test('a file that is not one of credentials is neither replaced nor ignored', async () => {
  const store = newStore()
  mkdirSync(store.folder, { recursive: true })
  writeFileSync(credentialsFileIn(store, 'orders'), 'nonsense', { mode: 0o600 })
  await expect(completeStore(store)).rejects.toThrow(/orders\.json is no file of credentials/)
})
