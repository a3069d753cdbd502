import { askConnect } from '@tenseams/debezium/connect-api'
import type { Stack } from '@tenseams/local/launcher/supervise/stack'
import { messageOf } from '@tenseams/service/causes'
import type { Admin } from 'kafkajs'
import { openKafka } from '../../support/login.ts'

/** Why there is no progress: which parts run, what Connect says of its tasks, and which groups lag. */
export async function diagnosisOf(stack: Stack): Promise<readonly string[]> {
  const parts = [statesOf, connectorsOf, groupsOf].map((part) => part(stack).catch(complaint))
  return (await Promise.all(parts)).flat()
}

const complaint = (error: unknown): readonly string[] => [`cannot be asked: ${messageOf(error)}`]

async function statesOf(stack: Stack): Promise<readonly string[]> {
  const parts = await stack.status()
  return parts
    .filter(({ state }) => state !== 'stopped')
    .map(({ name, state }) => `part ${name}: ${state}`)
}

async function connectorsOf({ endpoints }: Stack): Promise<readonly string[]> {
  const { text } = await askConnect(endpoints, '/connectors?expand=status')
  const all = JSON.parse(text) as Record<string, unknown>
  return Object.entries(all).map(([name, told]) => `connector ${name}: ${JSON.stringify(told)}`)
}

async function groupsOf({ endpoints }: Stack): Promise<readonly string[]> {
  const admin = openKafka({ brokers: endpoints.kafkaBrokers, clientId: 'diagnosis' }).admin()
  await admin.connect()
  try {
    const { groups } = await admin.listGroups()
    const ids = groups.map(({ groupId }) => groupId)
    const { groups: described } = await admin.describeGroups(ids)
    const lines = await Promise.all(ids.map((id) => lagOf(admin, id)))
    return [
      ...described.map(({ groupId, state, members }) => {
        return `group ${groupId}: ${state}, ${members.length} members`
      }),
      ...lines.flat(),
    ]
  } finally {
    await admin.disconnect()
  }
}

async function lagOf(admin: Admin, groupId: string): Promise<readonly string[]> {
  const topics = await admin.fetchOffsets({ groupId })
  const lines = topics.map(async ({ topic, partitions }) => {
    const ends = new Map(
      (await admin.fetchTopicOffsets(topic)).map(({ partition, high }) => [partition, high]),
    )
    const positions = partitions.map(
      ({ partition, offset }) => `${partition} at ${offset} of ${ends.get(partition)}`,
    )
    return `group ${groupId} in ${topic}: ${positions.join(', ')}`
  })
  return Promise.all(lines)
}
