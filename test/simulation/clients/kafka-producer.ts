import type { Message, Transaction } from 'kafkajs'
import { PARTITIONS } from '../run/scenario.ts'
import type { Broker } from '../servers/broker.ts'
import type { ProducerIdentity } from '../servers/transactions.ts'
import { BrokerError, ConnectionLostError, type Network } from '../world/network.ts'
import type { World } from '../world/world.ts'

export type Environment = {
  readonly world: World
  readonly network: Network
  readonly broker: Broker
}

export type ProducerConfig = {
  readonly transactionalId?: string
  readonly transactionTimeout?: number
  readonly idempotent?: boolean
}

const RETRIES = 30
const FIRST_RETRY_MS = 20
const LONGEST_RETRY_MS = 300
const DEFAULT_TRANSACTION_TIMEOUT_MS = 60_000

type State = 'uninitialized' | 'ready' | 'transacting' | 'committing' | 'aborting'

/** kafkajs's producer: src/producer/index.js, sendMessages.js and eosManager/index.js, request by request. */
export class SimulatedProducer {
  readonly #environment: Environment
  readonly #config: ProducerConfig
  readonly #added = new Set<string>()
  readonly #sequences = new Map<string, number>()
  #identity: ProducerIdentity | undefined
  /** Outside of transactions. */
  #producerId: number | undefined
  #state: State = 'uninitialized'
  #offsetsAdded = false
  #isClosed = false

  constructor(environment: Environment, config: ProducerConfig) {
    this.#environment = environment
    this.#config = config
  }

  async connect(): Promise<void> {
    await Promise.resolve()
  }

  async disconnect(): Promise<void> {
    await Promise.resolve()
    this.#isClosed = true
  }

  /** Requests a producer id the first time only. */
  async transaction(): Promise<
    Pick<Transaction, 'abort' | 'commit' | 'isActive' | 'send' | 'sendOffsets'>
  > {
    if (this.#state === 'transacting') throw new Error('there is already an ongoing transaction')
    if (this.#state === 'uninitialized') await this.#initialize()
    // The state machine of kafkajs: after a failed commit or abort no transition is possible.
    if (this.#state !== 'ready') throw new Error(`cannot begin a transaction when ${this.#state}`)
    this.#state = 'transacting'
    let hasEnded = false
    const isActive = () => this.#state === 'transacting' && !hasEnded
    const guarded = async <Value>(work: () => Promise<Value>): Promise<Value> => {
      if (!isActive()) throw new Error('cannot continue to use a transaction once ended')
      return work()
    }
    const end = (commit: boolean) =>
      guarded(async () => {
        await this.#end(commit)
        hasEnded = true
      })
    return {
      isActive,
      send: ({ topic, messages }) =>
        guarded(async () => {
          await this.#send(topic, messages)
          return []
        }),
      sendOffsets: ({ consumerGroupId, topics }) =>
        guarded(() => this.#sendOffsets(consumerGroupId, topics)),
      commit: () => end(true),
      abort: () => end(false),
    }
  }

  /** Outside of transactions. */
  async send({ topic, messages }: { topic: string; messages: Message[] }): Promise<[]> {
    await this.#send(topic, messages)
    return []
  }

  async #initialize(): Promise<void> {
    const { transactionalId: id = '', transactionTimeout } = this.#config
    const timeoutMs = transactionTimeout ?? DEFAULT_TRANSACTION_TIMEOUT_MS
    const { transactions } = this.#environment.broker
    const answer = await this.#retrying(() =>
      this.#call(
        'initProducerId',
        () => id,
        () => transactions.initProducerId(id, timeoutMs),
      ),
    )
    this.#identity = { id, ...answer }
    this.#state = 'ready'
  }

  async #send(topic: string, messages: readonly Message[]): Promise<void> {
    for (const [partition, records] of byPartition(messages)) {
      await this.#retrying(() => this.#produce(topic, partition, records))
    }
  }

  /** A repeated request has the same sequence number, so the broker recognises it. */
  async #produce(topic: string, partition: number, records: readonly Message[]): Promise<void> {
    const { broker } = this.#environment
    const log = broker.log(topic, partition)
    const place = `${topic}-${partition}`
    const identity = this.#identity
    const isInTransaction = this.#state === 'transacting'
    if (isInTransaction && identity !== undefined && !this.#added.has(place)) {
      const add = () => broker.transactions.addPartitions(identity, [log])
      await this.#call('addPartitions', () => place, add)
      this.#added.add(place)
    }
    this.#producerId ??= identity?.producerId ?? broker.transactions.newProducerId()
    const producerId = this.#producerId
    const sequence =
      this.#config.idempotent === true ? (this.#sequences.get(place) ?? 0) : undefined
    const written = records.map(({ key, value }) => ({ key: String(key), value: String(value) }))
    const about = () => `${place}: ${written.map(({ value }) => value).join(' ')}`
    await this.#call('produce', about, () => {
      if (isInTransaction && identity !== undefined) broker.transactions.verify(identity, log)
      const epoch = identity?.epoch ?? 0
      const inTransaction = isInTransaction
      log.append({ producerId, epoch, sequence, inTransaction, records: written })
    })
    this.#sequences.set(place, (sequence ?? 0) + records.length)
  }

  async #sendOffsets(
    group: string,
    topics: readonly {
      topic: string
      partitions: readonly { partition: number; offset: string }[]
    }[],
  ): Promise<void> {
    const { broker } = this.#environment
    const identity = this.#identity
    if (identity === undefined) throw new Error('no producer id')
    await this.#call(
      'addOffsets',
      () => group,
      () => broker.transactions.addOffsets(identity, group),
    )
    this.#offsetsAdded = true
    const offsets = new Map(
      topics.flatMap(({ topic, partitions }) =>
        partitions.map((one) => [`${topic}-${one.partition}`, Number(one.offset)] as const),
      ),
    )
    const about = () => [...offsets].map(([place, offset]) => `${place}@${offset}`).join(' ')
    await this.#call('txnOffsetCommit', about, () => {
      broker.transactions.verify(identity, group)
      broker.offsets.propose(group, identity.producerId, offsets)
    })
  }

  async #end(commit: boolean): Promise<void> {
    const { transactions } = this.#environment.broker
    this.#state = commit ? 'committing' : 'aborting'
    const identity = this.#identity
    if (identity !== undefined && (this.#added.size > 0 || this.#offsetsAdded)) {
      await this.#call(
        'endTxn',
        () => `${identity.id} ${commit ? 'commit' : 'abort'}`,
        () => transactions.endTransaction(identity, commit),
      )
    }
    this.#state = 'ready'
    this.#added.clear()
    this.#offsetsAdded = false
  }

  #call<Value>(name: string, about: () => string, serve: () => Value): Promise<Value> {
    if (this.#isClosed) return Promise.reject(new ConnectionLostError('closed'))
    return this.#environment.network.call({ server: 'broker', name, serve, about })
  }

  async #retrying<Value>(work: () => Promise<Value>): Promise<Value> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await work()
      } catch (error) {
        const isPassing = error instanceof ConnectionLostError || isRetriable(error)
        if (!isPassing || this.#isClosed || attempt === RETRIES) throw error
        const delayMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** attempt)
        await this.#environment.world.sleep(delayMs)
      }
    }
  }
}

function isRetriable(error: unknown): boolean {
  return error instanceof BrokerError && error.retriable
}

function byPartition(messages: readonly Message[]): ReadonlyMap<number, readonly Message[]> {
  const partitions = new Map<number, Message[]>()
  for (const message of messages) {
    const partition = message.partition ?? partitionOf(String(message.key))
    const known = partitions.get(partition)
    if (known === undefined) partitions.set(partition, [message])
    else known.push(message)
  }
  return partitions
}

/** Keys are `k<partition><number>`. */
export function partitionOf(key: string): number {
  return Number(key.charAt(1)) % PARTITIONS
}
