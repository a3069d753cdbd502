import { askConnect } from '@tenseams/debezium/connect-api'
import { configurationOf, configure } from '@tenseams/debezium/connectors'
import { eventually } from '@tenseams/local/launcher/host/wait'
import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { adminPool } from '../../support/shop.ts'
import { type TestStack, useStack } from '../../support/stack.ts'

const name = 'watched'

let stack: TestStack
let admin: pg.Pool

beforeAll(async () => {
  stack = await useStack()
  admin = adminPool(stack)
})

afterAll(async () => {
  await askConnect(stack.endpoints, `/connectors/${name}`, 'DELETE')
  await admin.query('delete from cdc.watchdog where connector = $1', [name])
  await admin.query(
    'select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1',
    [name],
  )
  await admin.end()
})

test('a connector whose task has failed is restarted without anybody asking, and its restarts are counted', async () => {
  const { endpoints, ports } = stack.context
  const usual = await configurationOf('cdc', {
    ...endpoints,
    registryUrl: `http://127.0.0.1:${ports.registry}`,
  })
  const { 'signal.data.collection': _, ...others } = usual
  const failing = {
    ...others,
    'slot.name': name,
    'topic.prefix': name,
    'publication.name': 'there_is_no_such_publication',
  }
  await configure(endpoints, name as 'cdc', failing, Date.now() + 30_000)
  const restarted = async () => {
    const { rows } = await admin.query(
      'select restarts, reason, given_up from cdc.watchdog where connector = $1 and restarts > 0',
      [name],
    )
    return rows[0]
  }
  const row = await eventually(restarted, { timeoutMs: 60_000, what: 'a restart' })
  expect(row).toMatchObject({ given_up: false, reason: expect.stringMatching(/\w/) })
}, 100_000)
