import { offsetsProperty, readOffsets } from '@tenseams/iceberg/offsets/offsets'
import { partitionOf } from '../clients/kafka-producer.ts'
import type { Flaws } from '../flaws/flaws.ts'
import { Broker } from '../servers/broker.ts'
import { Catalogue } from '../servers/catalogue.ts'
import { Files } from '../servers/lake.ts'
import { Store } from '../servers/store.ts'
import { Chance } from '../world/chance.ts'
import { describeFault, Network } from '../world/network.ts'
import { Process, World } from '../world/world.ts'
import { groupOf, type Setting, startInbox, startLake, startLoop } from './consumers.ts'
import { Coverage } from './coverage.ts'
import { type Fault, HEAL_MS, type Kind, type Scenario, type SourceRecord } from './scenario.ts'

type Role = 'loop' | 'inbox' | 'lake'

const start: Readonly<Record<Role, (setting: Setting) => void>> = {
  loop: startLoop,
  inbox: startInbox,
  lake: startLake,
}

const SOURCE_TIMEOUT_MS = 60_000

/** The servers, the source, two processes of each consumer, and their faults. */
export class System {
  readonly world: World
  readonly broker: Broker
  readonly store = new Store()
  readonly catalogue = new Catalogue()
  readonly files = new Files()
  readonly coverage = new Coverage()
  readonly roles: readonly Role[]
  readonly #scenario: Scenario
  readonly #flaws: Flaws
  readonly #network: Network
  readonly #starts = new Map<string, number>()
  #down = 0

  constructor(scenario: Scenario, flaws: Flaws, traced: boolean) {
    const chance = new Chance(scenario.seed)
    this.#scenario = scenario
    this.#flaws = flaws
    this.roles = rolesOf(scenario.kind)
    this.world = new World({ traced })
    this.broker = new Broker(this.world, chance)
    this.#network = new Network(this.world, chance, scenario.faults, {
      strike: (fault, process) => this.#strike(fault, process),
      served: (process, name, fault, ok) => this.coverage.served(process, name, fault, ok),
    })
  }

  /** The topic that the source writes. */
  get source(): 'in' | 'out' {
    return this.roles.includes('loop') ? 'in' : 'out'
  }

  /** True when no process is stopped or dead, no request late, no transaction open. */
  get isQuiet(): boolean {
    const { transactions } = this.broker
    return this.#down === 0 && this.#network.lateRequests === 0 && transactions.isIdle
  }

  get lakeOffsets(): ReadonlyMap<string, number> {
    const offsets = readOffsets(this.catalogue.table?.properties[offsetsProperty])
    return new Map(Object.entries(offsets).map(([place, next]) => [place, Number(next)]))
  }

  begin(): void {
    for (const [index, record] of this.#scenario.records.entries()) {
      this.world.at(record.atMs, undefined, () => this.#write(record, index))
    }
    for (const role of this.roles) {
      for (const [index, delayMs] of [0, 400].entries()) {
        this.world.at(delayMs, undefined, () => this.#start(`${role}-${index}`))
      }
    }
    this.world.at(HEAL_MS, undefined, () => {
      this.#network.healed = true
      this.world.say(() => 'healed: no faults from here on')
    })
  }

  /** The events that occurred in the run, once it is over. */
  finish(): Coverage {
    const { broker, coverage, store, catalogue } = this
    for (const topic of broker.topics) {
      for (const log of broker.logs(topic)) {
        coverage.add('sends known as repetitions', log.repetitions)
        coverage.add('transactions aborted', log.aborted.length)
      }
    }
    for (const group of broker.groups) {
      coverage.add('rebalances after the first', group.generation - 2)
    }
    coverage.add('owners fenced inside a transaction', broker.transactions.fencings)
    coverage.add('transactions timed out', broker.transactions.timeouts)
    coverage.add('inbox repeats', store.repetitions)
    coverage.add('catalogue conflicts', catalogue.conflicts)
    return coverage
  }

  #start(name: string): void {
    const process = new Process(name)
    const nth = (this.#starts.get(name) ?? 0) + 1
    this.#starts.set(name, nth)
    const environment = { world: this.world, network: this.#network, broker: this.broker }
    this.world.at(0, process, () => {
      this.world.say(() => (nth === 1 ? 'starts' : 'starts again'))
      const { store, catalogue, files } = this
      const flaws = this.#flaws
      const { transactionTimeoutMs } = this.#scenario
      const incarnation = `${name}-${nth}`
      const shared = { environment, store, catalogue, files, flaws }
      start[roleOf(name)]({ ...shared, transactionTimeoutMs, incarnation })
    })
  }

  #strike(fault: Fault, process: Process): void {
    const group = this.broker.group(groupOf[roleOf(process.name)])
    // A process with several calls under way may be killed at one of them after it was stopped at another.
    if (fault.kind === 'kill' && process.state !== 'killed') {
      process.state = 'killed'
      this.world.say(() => describeFault(fault))
      this.coverage.killed(fault)
      this.#down += 1
      this.world.at(fault.forMs, undefined, () => {
        this.#down -= 1
        this.#start(process.name)
      })
    }
    if (fault.kind === 'stop' && process.state === 'running') {
      process.state = 'stopped'
      const { generation } = group
      this.#down += 1
      this.world.at(fault.forMs, undefined, () => {
        this.#down -= 1
        if (process.state !== 'stopped') return
        const isZombie = group.generation !== generation
        this.coverage.resumed(fault, isZombie)
        this.world.say(() => `${process.name} resumes${isZombie ? ', a zombie' : ''}`)
        this.world.resume(process)
      })
    }
  }

  /** Debezium's part, without faults: each record a transaction, some of them aborted after a while. */
  #write({ partition, key, eventId, aborted }: SourceRecord, index: number): void {
    const { transactions } = this.broker
    const log = this.broker.log(this.source, partition)
    const id = `source-${index}`
    const { producerId, epoch } = transactions.initProducerId(id, SOURCE_TIMEOUT_MS)
    const records = [{ key, value: eventId }]
    if (partitionOf(key) !== partition) throw new Error(`${key} does not belong to ${partition}`)
    if (!aborted) {
      log.append({ producerId, epoch, sequence: 0, inTransaction: false, records })
      return
    }
    const identity = { id, producerId, epoch }
    transactions.addPartitions(identity, [log])
    log.append({ producerId, epoch, sequence: 0, inTransaction: true, records })
    this.world.at(150, undefined, () => transactions.endTransaction(identity, false))
  }
}

function rolesOf(kind: Kind): readonly Role[] {
  return kind === 'chain' ? ['loop', 'inbox', 'lake'] : [kind]
}

function roleOf(process: string): Role {
  if (process.startsWith('loop')) return 'loop'
  return process.startsWith('inbox') ? 'inbox' : 'lake'
}
