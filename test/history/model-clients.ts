import { type Line, ModelBroker, type ModelPartition, partitionName } from './model-broker.ts'
import type { Cause } from './operations.ts'

/** The next step of a random execution; the numbers choose among the possible ones. */
export type Step = { readonly what: number; readonly who: number; readonly how: number }

const inputs: readonly ModelPartition[] = [0, 1].map((partition) => ({ topic: 'in', partition }))
const output: ModelPartition = { topic: 'out', partition: 0 }
const topicPartitions = [...inputs, output]

/** A reader of a group, and its positions in its assigned partitions. */
type Reader = { readonly name: string; positions: Map<string, number> }

/** Clients that keep the rules: whatever happens to them is no anomaly. */
class ModelClients {
  readonly broker = new ModelBroker()
  readonly #readers: readonly Reader[] = ['r0', 'r1'].map((name) => ({
    ...{ name, positions: new Map<string, number>() },
  }))
  readonly #answers: (() => void)[] = []
  #values = 0
  #transactions = 0
  readonly #open = new Map<string, string>()

  take({ what, who, how }: Step): void {
    const steps = [
      () => this.#send(who, how),
      () => this.#transactionalSend(who, how),
      () => this.#end(who, how),
      () => this.#poll(who, how),
      () => this.#commitOffsets(who, how),
      () => this.#rebalance(how),
      () => this.#seek(who, how),
      () => this.#answers.shift()?.(),
      () => this.#consumeAndProduce(how),
      () => this.#crash(who),
    ]
    steps[what % steps.length]?.()
  }

  /** All transactions end, and one reader reads everything. */
  finish(): readonly Line[] {
    for (const answer of this.#answers.splice(0)) answer()
    for (const transaction of this.broker.openTransactions) this.broker.end(transaction, 'hidden')
    for (const topicPartition of topicPartitions) {
      for (let position = 0; ; ) {
        const { records, next } = this.broker.read(topicPartition, position, 3)
        this.#note('last', 'poll', { positions: [at(topicPartition, position)], records })
        if (next === position) break
        position = next
      }
    }
    const positions = topicPartitions.map((topicPartition) =>
      at(topicPartition, this.broker.read(topicPartition, 0, 1_000_000).next),
    )
    this.#note('last', 'final-read', { positions })
    return this.broker.lines
  }

  #send(who: number, how: number): void {
    this.#write(`p${who % 2}`, inputs[how % 2] ?? output, how >> 1)
  }

  #write(
    process: string,
    topicPartition: ModelPartition,
    how: number,
    transaction?: string,
    cause?: Cause,
  ): void {
    const value = `v${this.#values++}`
    const given = { ...topicPartition, value, ...(cause && { cause }) }
    const call = { kind: 'send', ...(transaction !== undefined && { transaction }) }
    const of = this.broker.record(process, 'invoke', { ...call, records: [given] })
    const fate = cause === undefined ? how % 6 : 0
    if (fate === 1 || fate === 2) {
      this.#answer(process, fate === 1 ? 'fail' : 'unknown', { kind: 'send', of })
      return
    }
    const offset = this.broker.write(topicPartition, given, transaction)
    if (fate === 3) return
    const told = fate === 4 ? given : { ...given, offset }
    const answer = () => this.#answer(process, 'ok', { kind: 'send', of, records: [told] })
    if (fate === 5 && transaction === undefined) this.#answers.push(answer)
    else answer()
  }

  #transactionalSend(who: number, how: number): void {
    const process = `q${who % 2}`
    const transaction = this.#open.get(process) ?? this.#begin(process)
    this.#open.set(process, transaction)
    this.#write(process, topicPartitions[how % 2] ?? output, how >> 1, transaction)
  }

  #begin(process: string): string {
    const transaction = `t${this.#transactions++}`
    this.#call(process, 'begin', { transaction })
    return transaction
  }

  #end(who: number, how: number): void {
    const process = `q${who % 2}`
    const transaction = this.#open.get(process)
    if (transaction === undefined) return
    this.#open.delete(process)
    this.#endTransaction(process, transaction, how)
  }

  /** Committed; aborted; unknown but done; unknown and not done; or the client has crashed. */
  #endTransaction(process: string, transaction: string, how: number): void {
    const fate = how % 6
    const kind = fate === 2 ? 'abort' : 'commit'
    if (fate < 5) {
      const of = this.broker.record(process, 'invoke', { kind, transaction })
      this.broker.end(transaction, fate === 2 || fate === 4 ? 'hidden' : 'committed')
      this.#answer(process, fate < 3 ? 'ok' : 'unknown', { kind, of })
      return
    }
    this.#note(process, 'crash', {})
    this.broker.end(transaction, 'hidden')
  }

  #poll(who: number, how: number): void {
    const reader = this.#readers[who % 2]
    const assigned = inputs.filter((topicPartition) =>
      reader?.positions.has(partitionName(topicPartition)),
    )
    const topicPartition = assigned[how % Math.max(1, assigned.length)]
    if (reader === undefined || topicPartition === undefined) return
    const position = reader.positions.get(partitionName(topicPartition)) ?? 0
    const { records, next } = this.broker.read(topicPartition, position, 1 + (how % 5))
    reader.positions.set(partitionName(topicPartition), next)
    const positions = how % 3 === 0 && records.length > 0 ? [] : [at(topicPartition, position)]
    this.#note(reader.name, 'poll', { positions, records })
  }

  #commitOffsets(who: number, how: number): void {
    const reader = this.#readers[who % 2]
    if (reader === undefined) return
    const own = inputs.filter((topicPartition) =>
      reader.positions.has(partitionName(topicPartition)),
    )
    const offsets = own.map((topicPartition) =>
      at(topicPartition, reader.positions.get(partitionName(topicPartition)) ?? 0),
    )
    const body = { kind: 'commit-offsets', group: 'g', offsets }
    const of = this.broker.record(reader.name, 'invoke', body)
    const fate = how % 4
    if (fate !== 3) {
      for (const topicPartition of own) {
        this.broker.commitOffset(
          'g',
          topicPartition,
          reader.positions.get(partitionName(topicPartition)) ?? 0,
        )
      }
    }
    this.#answer(reader.name, fate < 2 ? 'ok' : 'unknown', { kind: 'commit-offsets', of })
  }

  #rebalance(how: number): void {
    for (const [number, reader] of this.#readers.entries()) {
      const own = inputs.filter((_, index) => ((how >> index) & 1) === number)
      this.#call(reader.name, 'assign', { group: 'g', partitions: own })
      reader.positions = new Map(
        own.map((topicPartition) => [
          partitionName(topicPartition),
          this.broker.committed('g', topicPartition),
        ]),
      )
    }
  }

  #seek(who: number, how: number): void {
    const reader = this.#readers[who % 2]
    const topicPartition = inputs[how % 2]
    if (
      reader === undefined ||
      topicPartition === undefined ||
      !reader.positions.has(partitionName(topicPartition))
    )
      return
    const { next } = this.broker.read(topicPartition, 0, how >> 1)
    reader.positions.set(partitionName(topicPartition), next)
    this.#note(reader.name, 'seek', { positions: [at(topicPartition, next)] })
  }

  #crash(who: number): void {
    const reader = this.#readers[who % 2]
    if (reader === undefined) return
    reader.positions.clear()
    this.#note(reader.name, 'crash', {})
  }

  /** A worker takes over, reads what its group has not committed, and writes effects and offsets in one transaction. */
  #consumeAndProduce(how: number): void {
    const topicPartition = inputs[how % 2] ?? output
    this.#call('w', 'assign', { group: 'workers', partitions: [topicPartition] })
    const position = this.broker.committed('workers', topicPartition)
    const { records, next } = this.broker.read(topicPartition, position, 2)
    this.#note('w', 'poll', { positions: [at(topicPartition, position)], records })
    if (records.length === 0) return
    const transaction = this.#begin('w')
    for (const { topic, value } of records)
      this.#write('w', output, 0, transaction, { topic, value })
    const offsets = [at(topicPartition, next)]
    this.#call('w', 'commit-offsets', { group: 'workers', offsets, transaction })
    this.broker.commitOffset('workers', topicPartition, next, transaction)
    this.#endTransaction('w', transaction, how >> 1)
  }

  #call(process: string, kind: string, fields: object): void {
    const of = this.broker.record(process, 'invoke', { kind, ...fields })
    this.#answer(process, 'ok', { kind, of })
  }

  #note(process: string, kind: string, fields: object): void {
    this.broker.record(process, 'ok', { kind, ...fields })
  }

  #answer(process: string, phase: string, fields: object): void {
    this.broker.record(process, phase, { ...fields })
  }
}

function at(topicPartition: ModelPartition, offset: number) {
  return { ...topicPartition, offset: String(offset) }
}

/** A clean history of these steps. */
export function execute(steps: readonly Step[]): readonly Line[] {
  const clients = new ModelClients()
  for (const step of steps) clients.take(step)
  return clients.finish()
}
