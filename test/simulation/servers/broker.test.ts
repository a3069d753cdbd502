import { describe, expect, test } from 'vitest'
import { batchOf } from '../clients/kafka-batch.ts'
import { Chance } from '../world/chance.ts'
import { World } from '../world/world.ts'
import { Broker } from './broker.ts'

const record = (value: string) => [{ key: 'k00', value }]

function brokerAt(seed = 1) {
  const world = new World({ traced: false })
  const broker = new Broker(world, new Chance(seed))
  const log = broker.log('out', 0)
  const { transactions } = broker
  const begin = (id: string) => {
    const identity = { id, ...transactions.initProducerId(id, 60_000) }
    transactions.addPartitions(identity, [log])
    return identity
  }
  const send = (identity: { producerId: number; epoch: number }, value: string, sequence = 0) =>
    log.append({ ...identity, sequence, inTransaction: true, records: record(value) })
  const pass = (ms: number) => world.run(world.now + ms, () => false)
  const values = () => log.visible().map(({ value }) => value)
  return { broker, log, transactions, begin, send, pass, values }
}

describe('the model of a transaction', () => {
  test('shows its records once the commit marker is written, not before', async () => {
    const { transactions, begin, send, pass, values, log } = brokerAt()
    const owner = begin('loop-in-0')
    send(owner, 'a')
    expect([values(), log.lastStableOffset]).toEqual([[], 0])
    transactions.endTransaction(owner, true)
    expect(values()).toEqual([])
    await pass(2_000)
    expect([values(), log.lastStableOffset]).toEqual([['a'], 2])
  })

  test('is aborted by the next owner of its id, which waits for that, and the old owner is refused', async () => {
    const { transactions, begin, send, pass, values, log } = brokerAt()
    const zombie = begin('loop-in-0')
    send(zombie, 'a')
    expect(() => transactions.initProducerId('loop-in-0', 60_000)).toThrow(
      'CONCURRENT_TRANSACTIONS',
    )
    expect(() => transactions.endTransaction(zombie, true)).toThrow('INVALID_PRODUCER_EPOCH')
    await pass(2_000)
    expect(transactions.initProducerId('loop-in-0', 60_000).epoch).toBe(2)
    expect(() => send(zombie, 'b', 1)).toThrow('INVALID_PRODUCER_EPOCH')
    expect(() => transactions.verify(zombie, log)).toThrow('INVALID_PRODUCER_EPOCH')
    expect(values()).toEqual([])
  })

  test('whose commit was requested is completed for the next owner, offsets included', async () => {
    const { broker, transactions, begin, send, pass, values } = brokerAt()
    const owner = begin('loop-in-0')
    send(owner, 'a')
    transactions.addOffsets(owner, 'loop')
    broker.offsets.propose('loop', owner.producerId, new Map([['in-0', 1]]))
    transactions.endTransaction(owner, true)
    expect(broker.offsets.read('loop').get('in-0')).toBeUndefined()
    expect(() => transactions.initProducerId('loop-in-0', 60_000)).toThrow(
      'CONCURRENT_TRANSACTIONS',
    )
    await pass(2_000)
    transactions.initProducerId('loop-in-0', 60_000)
    expect([values(), broker.offsets.read('loop').get('in-0')]).toEqual([['a'], 1])
  })

  test('is aborted when it times out', async () => {
    const { transactions, begin, send, pass, values } = brokerAt()
    const owner = begin('loop-in-0')
    send(owner, 'a')
    await pass(70_000)
    expect(transactions.timeouts).toBe(1)
    expect(() => transactions.endTransaction(owner, true)).toThrow('INVALID_PRODUCER_EPOCH')
    expect(values()).toEqual([])
  })

  test('accepts nothing after its end: a late request finds no transaction', async () => {
    const { transactions, begin, send, pass, log } = brokerAt()
    const owner = begin('loop-in-0')
    send(owner, 'a')
    transactions.endTransaction(owner, false)
    await pass(2_000)
    expect(() => transactions.verify(owner, log)).toThrow('INVALID_TXN_STATE')
  })

  test('applies a repeated request once', () => {
    const { begin, send, log } = brokerAt()
    const owner = begin('loop-in-0')
    send(owner, 'a', 0)
    send(owner, 'a', 0)
    expect([log.end, log.repetitions]).toEqual([1, 1])
    expect(() => send(owner, 'c', 2)).toThrow('OUT_OF_ORDER_SEQUENCE_NUMBER')
  })

  test('is hidden from readers when it overlaps with others', async () => {
    const { broker, transactions, begin, send, pass, values } = brokerAt()
    const [one, two, three] = [begin('one'), begin('two'), begin('three')]
    send(one, 'a1')
    send(two, 'b1')
    send(three, 'c1')
    send(one, 'a2', 1)
    transactions.endTransaction(two, false)
    await pass(2_000)
    send(three, 'c2', 1)
    transactions.endTransaction(one, false)
    transactions.endTransaction(three, true)
    await pass(2_000)
    expect(values()).toEqual(['c1', 'c2'])
    const [fetched] = await broker.fetch('out', [{ partition: 0, from: 0 }], true)
    const batch = fetched === undefined ? undefined : batchOf('out', fetched)
    expect(batch?.messages.map(({ value }) => String(value))).toEqual(['c1', 'c2'])
  })
})

describe('the model of a group', () => {
  test('refuses the commits of a member that was removed', async () => {
    const { broker, pass } = brokerAt()
    const group = broker.group('loop')
    const joined = group.join('', 3_000)
    await pass(200)
    const { memberId, generation, partitions } = await joined
    expect(partitions).toEqual([0, 1])
    group.assertMember(memberId, generation)
    await pass(4_000)
    expect(() => group.assertMember(memberId, generation)).toThrow('UNKNOWN_MEMBER_ID')
  })

  test('gives each partition to one member of a generation', async () => {
    const { broker, pass } = brokerAt()
    const group = broker.group('loop')
    const both = [group.join('', 3_000), group.join('', 3_000)]
    await pass(200)
    const [one, other] = await Promise.all(both)
    expect([...(one?.partitions ?? []), ...(other?.partitions ?? [])].toSorted()).toEqual([0, 1])
    expect(() => group.heartbeat(one?.memberId ?? '', 0)).toThrow('ILLEGAL_GENERATION')
  })
})
