import { createRequire } from 'node:module'
import { beforeEach, describe, expect, test } from 'vitest'
import { keepCoordinators } from './coordinators.ts'

const GROUP = 0
const TRANSACTION = 1

type Coordinator = {
  endTxn(request: object): Promise<unknown>
  txnOffsetCommit(request: object): Promise<unknown>
  metadata(): Promise<string>
}
type Client = {
  findGroupCoordinator(wanted: { groupId: string; coordinatorType: number }): Promise<Coordinator>
}

let asked: string[]
let nodeId: number
let isConnected: boolean
let refuses: Error | undefined

beforeEach(() => {
  keepCoordinators()
  asked = []
  nodeId = 1
  isConnected = true
  refuses = undefined
})

/** A client of kafkajs whose brokers are ours. */
function newClient(): Client {
  const Cluster = createRequire(import.meta.url)('kafkajs/src/cluster')
  const answer = async () => {
    if (refuses !== undefined) throw refuses
  }
  return Object.assign(Object.create(Cluster.prototype), {
    retrier: (work: (bail: (error: Error) => never) => unknown) =>
      work((error) => {
        throw error
      }),
    findGroupCoordinatorMetadata: async ({ groupId }: { groupId: string }) => {
      asked.push(groupId)
      return { coordinator: { nodeId } }
    },
    findBroker: async (found: { nodeId: number }) => ({
      isConnected: () => isConnected,
      endTxn: answer,
      txnOffsetCommit: answer,
      metadata: async () => `node ${found.nodeId}`,
    }),
  })
}

const transaction = { groupId: 'id', coordinatorType: TRANSACTION }
const group = { groupId: 'group', coordinatorType: GROUP }

describe('a transactional producer', () => {
  test('asks once for each of its coordinators, however many transactions it has', async () => {
    const client = newClient()
    for (let count = 0; count < 3; count += 1) {
      await (await client.findGroupCoordinator(transaction)).endTxn({})
      await (await client.findGroupCoordinator(group)).txnOffsetCommit({})
    }
    expect(asked).toEqual(['id', 'group'])
  })

  test('asks again after any error of a coordinator, which its caller gets', async () => {
    const client = newClient()
    const coordinator = await client.findGroupCoordinator(transaction)
    refuses = new Error('NOT_COORDINATOR')
    await expect(coordinator.endTxn({})).rejects.toThrow('NOT_COORDINATOR')
    refuses = undefined
    nodeId = 2
    expect(await (await client.findGroupCoordinator(transaction)).metadata()).toBe('node 2')
    expect(asked).toEqual(['id', 'id'])
  })

  test('keeps a coordinator that still writes the markers of the transaction before', async () => {
    const client = newClient()
    const coordinator = await client.findGroupCoordinator(transaction)
    refuses = Object.assign(new Error('try again'), { type: 'CONCURRENT_TRANSACTIONS' })
    await expect(coordinator.endTxn({})).rejects.toThrow('try again')
    await client.findGroupCoordinator(transaction)
    expect(asked).toEqual(['id'])
  })

  test('asks again when the connection is closed', async () => {
    const client = newClient()
    await client.findGroupCoordinator(transaction)
    isConnected = false
    await client.findGroupCoordinator(transaction)
    expect(asked).toEqual(['id', 'id'])
  })

  test('keeps none of another producer', async () => {
    for (const client of [newClient(), newClient()]) await client.findGroupCoordinator(transaction)
    expect(asked).toEqual(['id', 'id'])
  })
})

test('a consumer, which keeps its coordinator itself, always gets the answer of the broker', async () => {
  const client = newClient()
  await client.findGroupCoordinator(group)
  await client.findGroupCoordinator(group)
  expect(asked).toEqual(['group', 'group'])
})
