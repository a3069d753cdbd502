import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Catalog } from '@tenseams/iceberg/table/catalog'
import { readCredentials } from '@tenseams/identities/credentials'
import { httpLogin } from '@tenseams/identities/http-login'
import { replaceCredentials } from '@tenseams/identities/store'
import { openKafka } from '@tenseams/kafka/client'
import { identityNamed, rotateIdentity } from '@tenseams/local/launcher/rotate/rotate-identity'
import type { Admin } from 'kafkajs'
import pg from 'pg'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { getOrder, orderBody, postOrder, rolePool } from '../support/shop.ts'
import { type TestStack, useStack } from '../support/stack.ts'

let stack: TestStack
beforeAll(async () => {
  stack = await useStack()
})

/** Logs in as orders' role with a password of its own choice. */
async function login(password: string): Promise<string> {
  const client = new pg.Client({
    ...{ ...stack.endpoints.postgres, user: 'orders_service', database: 'shop', password },
    connectionTimeoutMillis: 10_000,
  })
  client.on('error', () => undefined)
  try {
    await client.connect()
    return 'accepted'
  } catch (error) {
    return error instanceof pg.DatabaseError ? (error.code ?? 'refused') : Promise.reject(error)
  } finally {
    await client.end()
  }
}

const passwordNow = async () => {
  const { postgres = {} } = await readCredentials(stack.secrets.fileOf('orders'))
  return postgres.orders_service ?? ''
}

const REFUSED = '28P01'

test('orders’ password is rotated under load: no request and no login fails, and the old one is refused afterwards', async () => {
  const old = await passwordNow()
  let isOver = false
  const whileRotating = async (work: () => Promise<unknown>): Promise<number> => {
    let times = 0
    for (; !isOver; times += 1) await work()
    return times
  }
  const requests = whileRotating(async () => {
    const { status, body } = await postOrder(stack.endpoints.ordersUrl, orderBody())
    expect(status).toBe(201)
    expect((await getOrder(stack.endpoints.ordersUrl, String(body.orderId))).status).toBe(200)
  })
  const logins = whileRotating(async () => {
    const pool = rolePool(stack, 'orders_service')
    await pool.query('select 1').finally(() => pool.end())
  })
  try {
    for (let turn = 0; turn < 3; turn += 1) {
      expect(await rotateIdentity(stack, identityNamed('orders'))).toBe('rotated')
    }
  } finally {
    isOver = true
  }
  expect(await requests).toBeGreaterThan(0)
  expect(await logins).toBeGreaterThan(0)
  expect(await login(old)).toBe(REFUSED)
  expect(await login(await passwordNow())).toBe('accepted')
})

test('a rotation that was interrupted before Postgres knew of it keeps the service working, and is finished by the next', async () => {
  const file = stack.secrets.fileOf('orders')
  const before = await readCredentials(file)
  const next = { postgres: { orders_service: 'n'.repeat(48), vault_service: 'm'.repeat(48) } }
  await replaceCredentials(file, { ...before, next })
  const pool = rolePool(stack, 'orders_service')
  await pool.query('select 1').finally(() => pool.end())
  expect(await rotateIdentity(stack, identityNamed('orders'))).toBe('finished')
  expect(await passwordNow()).toBe(next.postgres.orders_service)
  expect(await login(next.postgres.orders_service)).toBe('accepted')
  // Not a secret that anybody can guess.
  expect(await rotateIdentity(stack, identityNamed('orders'))).toBe('rotated')
  expect(await login(next.postgres.orders_service)).toBe(REFUSED)
})

test('a rotated user of Kafka logs in with the other mechanism, on a client that is older, and the former one is refused', async () => {
  const { kafkaBrokers: brokers } = stack.endpoints
  const file = stack.secrets.fileOf('reader')
  const topicsSeen = async (admin: Admin): Promise<readonly string[]> => {
    await admin.connect()
    try {
      return await admin.listTopics()
    } finally {
      await admin.disconnect()
    }
  }
  const older = openKafka({ brokers, clientId: 'test', credentialsFile: file }).admin()
  expect(await topicsSeen(older)).toContain('orders.order.v1')
  const { kafka: former } = await readCredentials(file)
  expect(await rotateIdentity(stack, identityNamed('reader'))).toBe('rotated')
  const { kafka: now } = await readCredentials(file)
  expect(now?.mechanism).not.toBe(former?.mechanism)
  expect(await topicsSeen(older)).toContain('orders.order.v1')
  const formerFile = join(mkdtempSync(join(tmpdir(), 'tenseams-rotation-')), 'former.json')
  onTestFinished(() => rmSync(dirname(formerFile), { recursive: true }))
  writeFileSync(formerFile, JSON.stringify({ identity: 'reader', kafka: former }))
  const leaked = openKafka({ brokers, clientId: 'test', credentialsFile: formerFile })
  await expect(topicsSeen(leaked.admin({ retry: { retries: 0 } }))).rejects.toThrow(
    /invalid credentials/,
  )
})

test('the lakehouse’s token is rotated while tables are read and changed with it: no request fails, and the old one is refused', async () => {
  const file = stack.secrets.fileOf('lakehouse')
  const options = { url: stack.endpoints.catalogUrl, timeoutMs: 20_000 }
  const catalog = new Catalog({ ...options, login: httpLogin(file) })
  const table = { namespace: `rotation_${randomUUID().slice(0, 8)}`, name: 'none' }
  const leaked = await httpLogin(file)()
  let isOver = false
  let times = 0
  const requests = (async () => {
    for (; !isOver; times += 1) {
      await catalog.ensureNamespace(table.namespace)
      expect(await catalog.listTables(table.namespace)).toEqual([])
    }
  })()
  try {
    for (let turn = 0; turn < 3; turn += 1) {
      expect(await rotateIdentity(stack, identityNamed('lakehouse'))).toBe('rotated')
    }
  } finally {
    isOver = true
  }
  await requests
  expect(times).toBeGreaterThan(0)
  const former = new Catalog({ ...options, login: async () => leaked })
  await expect(former.config()).rejects.toMatchObject({ code: 'CATALOG_NOT_PERMITTED' })
})

test('the admin’s own password is rotated, and the admin still gets in', async () => {
  expect(await rotateIdentity(stack, identityNamed('admin'))).toBe('rotated')
  const pool = rolePool(stack, 'postgres')
  await pool.query('select 1').finally(() => pool.end())
})
