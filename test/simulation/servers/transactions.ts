import type { Chance } from '../world/chance.ts'
import { BrokerError } from '../world/network.ts'
import type { World } from '../world/world.ts'
import type { CommittedOffsets } from './committed-offsets.ts'
import type { PartitionLog } from './partition-log.ts'

/**
 * ```
 *   empty ──a partition or a group is added──▶ ongoing ──end, timeout, a younger owner──▶ ending
 *     ▲                                                                                    │
 *     └──────────────────────────── all markers are written ◀──────────────────────────────┘
 * ```
 */
type Transaction = {
  readonly id: string
  readonly producerId: number
  readonly timeoutMs: number
  epoch: number
  state: 'empty' | 'ongoing' | 'ending'
  committed: boolean | undefined
  /** Counts transactions, so that a timeout knows its own. */
  number: number
  readonly partitions: Set<PartitionLog>
  readonly groups: Set<string>
}

export type ProducerIdentity = {
  readonly id: string
  readonly producerId: number
  readonly epoch: number
}

/** The transaction coordinator, with the checks of KIP-890's first part, which brokers since 3.6 apply to all clients. */
export class Transactions {
  readonly #world: World
  readonly #chance: Chance
  readonly #offsets: CommittedOffsets
  readonly #transactions = new Map<string, Transaction>()
  #producerIds = 0
  fencings = 0
  timeouts = 0

  constructor(world: World, chance: Chance, offsets: CommittedOffsets) {
    this.#world = world
    this.#chance = chance
    this.#offsets = offsets
  }

  get isIdle(): boolean {
    return [...this.#transactions.values()].every(({ state }) => state === 'empty')
  }

  newProducerId(): number {
    this.#producerIds += 1
    return this.#producerIds
  }

  /** Raises the epoch. An unfinished transaction of the same id is aborted first, or its end waited for. */
  initProducerId(id: string, timeoutMs: number): { producerId: number; epoch: number } {
    const known = this.#transactions.get(id)
    if (known === undefined) {
      const producerId = this.newProducerId()
      const fresh = { id, producerId, timeoutMs, epoch: 0, state: 'empty', number: 0 } as const
      const sets = { partitions: new Set<PartitionLog>(), groups: new Set<string>() }
      this.#transactions.set(id, { ...fresh, ...sets, committed: undefined })
      return { producerId, epoch: 0 }
    }
    if (known.state === 'ongoing') {
      this.fencings += 1
      known.epoch += 1
      this.#end(known, false)
    }
    if (known.state === 'ending') throw new BrokerError('CONCURRENT_TRANSACTIONS', true)
    known.epoch += 1
    known.committed = undefined
    return { producerId: known.producerId, epoch: known.epoch }
  }

  addPartitions(identity: ProducerIdentity, logs: readonly PartitionLog[]): void {
    const transaction = this.#begin(identity)
    for (const log of logs) transaction.partitions.add(log)
  }

  addOffsets(identity: ProducerIdentity, group: string): void {
    this.#begin(identity).groups.add(group)
  }

  /** Throws unless the transaction is open and the partition a part of it; called before a write. */
  verify(identity: ProducerIdentity, place: PartitionLog | string): void {
    const transaction = this.#checked(identity)
    const isPart =
      typeof place === 'string' ? transaction.groups.has(place) : transaction.partitions.has(place)
    if (transaction.state !== 'ongoing' || !isPart) throw new BrokerError('INVALID_TXN_STATE')
  }

  endTransaction(identity: ProducerIdentity, commit: boolean): void {
    const transaction = this.#checked(identity)
    if (transaction.state === 'ongoing') {
      this.#end(transaction, commit)
      return
    }
    if (transaction.committed !== commit) throw new BrokerError('INVALID_TXN_STATE')
    if (transaction.state === 'ending') throw new BrokerError('CONCURRENT_TRANSACTIONS', true)
  }

  #checked({ id, producerId, epoch }: ProducerIdentity): Transaction {
    const transaction = this.#transactions.get(id)
    if (transaction === undefined || transaction.producerId !== producerId) {
      throw new BrokerError('INVALID_PRODUCER_ID_MAPPING')
    }
    if (transaction.epoch !== epoch) throw new BrokerError('INVALID_PRODUCER_EPOCH')
    return transaction
  }

  #begin(identity: ProducerIdentity): Transaction {
    const transaction = this.#checked(identity)
    if (transaction.state === 'ending') throw new BrokerError('CONCURRENT_TRANSACTIONS', true)
    if (transaction.state === 'empty') {
      transaction.state = 'ongoing'
      transaction.number += 1
      const { number } = transaction
      this.#world.at(transaction.timeoutMs, undefined, () => this.#timeOut(transaction, number))
    }
    return transaction
  }

  #timeOut(transaction: Transaction, number: number): void {
    if (transaction.number !== number || transaction.state !== 'ongoing') return
    this.timeouts += 1
    transaction.epoch += 1
    this.#end(transaction, false)
  }

  /** The decision is durable at once; the markers reach the partitions one by one, some late. */
  #end(transaction: Transaction, committed: boolean): void {
    const { id, producerId, epoch, number } = transaction
    transaction.state = 'ending'
    transaction.committed = committed
    this.#world.say(() => `[broker] transaction ${number} of ${id} ${word(committed)}`)
    const marks = [
      ...[...transaction.partitions].map((log) => () => log.mark(producerId, epoch, committed)),
      ...[...transaction.groups].map(
        (group) => () => this.#offsets.mark(group, producerId, committed),
      ),
    ]
    let open = marks.length
    for (const [index, mark] of marks.entries()) {
      const ask = `marker ${id} ${number} ${index}`
      const isLate = this.#chance.happens(ask, 0.1)
      const delayMs = this.#chance.between(`${ask} delay`, 1, isLate ? 900 : 15)
      this.#world.at(delayMs, undefined, () => {
        mark()
        open -= 1
        if (open === 0) this.#finish(transaction)
      })
    }
  }

  #finish(transaction: Transaction): void {
    transaction.state = 'empty'
    transaction.partitions.clear()
    transaction.groups.clear()
  }
}

function word(committed: boolean): string {
  return committed ? 'is committed' : 'is aborted'
}
