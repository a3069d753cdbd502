import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Connection, metadataV12, offsetCommitV8 } from '@platformatic/kafka'
import { parseUses } from '@tenseams/contracts/rights/uses'
import type { IdentityName } from '@tenseams/identities/identities'
import { loginIn } from '@tenseams/kafka/access/login'
import { openConnection } from '@tenseams/kafka/access/raw-connection'
import { askingPrefix } from '@tenseams/kafka/access/rights'
import { kafkaUsesFolder } from '@tenseams/local/launcher/host/paths'
import { kafkaAs } from '@tenseams/local/launcher/plan/endpoints'
import { beforeAll, expect, test } from 'vitest'
import { runProgram } from '../../runner/program.ts'
import { type TestStack, useStack } from '../../support/stack.ts'

let stack: TestStack

beforeAll(async () => {
  stack = await useStack()
})

async function as(
  identity: IdentityName,
  clientId: string,
  work: (connection: Connection) => Promise<unknown>,
): Promise<void> {
  const { brokers, credentialsFile } = kafkaAs(stack.endpoints, identity)
  const connection = await openConnection({ brokers, clientId, login: loginIn(credentialsFile)() })
  // The broker refuses what is asked for, or a part of it; what it notes is all that matters.
  await work(connection).catch(() => undefined)
  await connection.close()
}

const committing = (group: string) => (connection: Connection) =>
  offsetCommitV8.api.async(connection, group, -1, '', null, [
    {
      name: 'noted.none',
      partitions: [
        {
          ...{ partitionIndex: 0, committedOffset: 0n },
          ...{ committedLeaderEpoch: -1, committedMetadata: null },
        },
      ],
    },
  ])

/** What the broker has noted of a name, as `<user> <operation>`. */
function notedOf(name: string): readonly string[] {
  const folder = kafkaUsesFolder(stack.context.paths)
  return readdirSync(folder)
    .flatMap((file) => parseUses(readFileSync(join(folder, file), 'utf8')).uses)
    .filter((use) => use.name === name)
    .map(({ user, operation }) => `${user} ${operation}`)
}

test('the broker notes a right that was used, and none that was refused or only asked for', async () => {
  const [used, asked] = ['used', 'asked'].map((how) => `demonstration-${how}-${randomUUID()}`)
  const refused = `orders-${randomUUID()}`
  if (used === undefined || asked === undefined) expect.fail()
  await as('reader', 'test', committing(used))
  await as('reader', `${askingPrefix}test`, committing(asked))
  await as('reader', 'test', committing(refused))
  expect([used, asked, refused].map(notedOf)).toEqual([['reader read'], [], []])
})

test('to ask for the operations that are allowed is a use of the right to describe only', async () => {
  // Nobody but Connect writes it.
  const topic = 'cdc.shop.catalogue.products'
  await as('operator', 'test', (connection) =>
    metadataV12.api.async(connection, [topic], false, true),
  )
  expect(notedOf(topic)).toContain('operator describe')
  expect(notedOf(topic)).not.toContain('operator write')
})

test('the verb lists rights of every server that can tell', async () => {
  const { reason, output } = await runProgram({
    file: 'deploy/local/src/unused-rights/rights-command.ts',
    parameters: ['unused', '--instance', stack.context.paths.instance],
    timeoutMs: 60_000,
  })
  expect(reason, output).toBe('exit code 1')
  for (const known of [/^Kafka: \d+ not used: since the day/m, /^HTTP: \d+ not used: since/m]) {
    expect(output).toMatch(known)
  }
  expect(output).toMatch(/^Postgres: (?:\d+ not used|every right was used): since/m)
  expect(output).toMatch(/^Flink: /m)
  // Both are used by every stack that has started.
  expect(output).not.toContain('fulfilment may read topic orders.order.v1')
  expect(output).not.toContain('connect may write topic connect.*')
}, 90_000)
