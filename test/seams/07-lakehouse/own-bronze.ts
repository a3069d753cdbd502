import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Codec, type Encoder } from '@tenseams/codec/codec'
import type { ContractFormat } from '@tenseams/codec/contract-text'
import { openRegistry, type Registry } from '@tenseams/codec/registry'
import { Engine } from '@tenseams/iceberg/duckdb'
import type { TableIdentifier } from '@tenseams/iceberg/format/metadata'
import type { Row } from '@tenseams/iceberg/format/row'
import { chainBreaks } from '@tenseams/iceberg/offsets/chain'
import { verifyOffsets } from '@tenseams/iceberg/offsets/offset-log'
import { partitionKey } from '@tenseams/iceberg/offsets/offsets'
import { type LakePorts, queryTable } from '@tenseams/iceberg/read/query'
import { fileStorage } from '@tenseams/iceberg/storage'
import { Catalog } from '@tenseams/iceberg/table/catalog'
import { history } from '@tenseams/iceberg/table/history'
import { baseOf } from '@tenseams/iceberg/write/append'
import { deadLetterTopicOf } from '@tenseams/kafka/dead-letter'
import { eventually } from '@tenseams/local/launcher/host/wait'
import type { Admin, Producer } from 'kafkajs'
import { expect } from 'vitest'
import { newTopic } from '../../support/kafka.ts'
import { openKafka, ownLogin } from '../../support/login.ts'
import type { TestStack } from '../../support/stack.ts'
import { type Worker, Workers } from '../../support/workers.ts'
import type { InstanceTask, InstanceTopic } from './programs/bronze-instance.ts'

/** A test's own bronze instances, with topics, contracts, tables and a consumer group of their own. */
export class OwnBronze {
  readonly #stack: TestStack
  readonly #groupId = `bronze-${randomUUID().slice(0, 8)}`
  readonly #workers = new Workers()
  readonly #topics: string[] = []
  readonly #registry: Registry
  readonly #admin: Admin
  readonly producer: Producer
  readonly ports: LakePorts

  static async open(stack: TestStack): Promise<OwnBronze> {
    const engine = await Engine.open({ memoryLimit: '256MB', threads: 1 })
    const own = new OwnBronze(stack, engine)
    await Promise.all([own.producer.connect(), own.#admin.connect()])
    return own
  }

  private constructor(stack: TestStack, engine: Engine) {
    const { catalogUrl, registryUrl, publisherLogin, kafkaBrokers } = stack.endpoints
    this.#stack = stack
    this.#registry = openRegistry(registryUrl, 10_000, publisherLogin)
    const kafka = openKafka({ brokers: kafkaBrokers, clientId: 'test' })
    this.#admin = kafka.admin()
    this.producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
    const catalog = new Catalog({ url: catalogUrl, login: ownLogin, timeoutMs: 10_000 })
    this.ports = { catalog, storage: fileStorage, engine }
  }

  /** A topic and its dead letters, with the first version of its contract published. */
  async topic(format: ContractFormat, text: string, partitions = 4): Promise<OwnTopic> {
    const name = `things-${randomUUID().slice(0, 8)}`
    this.#topics.push(name)
    await newTopic(this.#admin, name, partitions)
    await newTopic(this.#admin, deadLetterTopicOf(name))
    const { registryUrl } = this.#stack.endpoints
    const topic = new OwnTopic({ name, format, registryUrl, registry: this.#registry, own: this })
    await topic.publish(text)
    return topic
  }

  /** Deletes a topic of one partition and makes it again: the same name, another log. */
  async makeAgain({ name }: OwnTopic): Promise<void> {
    await this.#admin.deleteTopics({ topics: [name] })
    await newTopic(this.#admin, name, 1)
  }

  start(topics: readonly OwnTopic[], changes: Partial<InstanceTask> = {}): Instance {
    const { catalogUrl, registryUrl, kafkaBrokers: brokers } = this.#stack.endpoints
    const task: InstanceTask = {
      ...{ brokers, registryUrl, catalogUrl, groupId: this.#groupId },
      topics: topics.map(({ first }) => first),
      ...{ flushIntervalMs: 100, maxBufferedRows: 20_000, maxBufferedBytes: 64 * 1_048_576 },
      ...changes,
    }
    return new Instance(
      this.#workers.start('07-lakehouse/programs/bronze-instance.ts', 'the instance', task),
    )
  }

  async close(): Promise<void> {
    this.#workers.killAll()
    for (const name of this.#topics) {
      await this.ports.catalog.dropTable(tableOf(name)).catch(() => undefined)
      await this.#registry.remove(`${name}-value`)
    }
    const topics = this.#topics.flatMap((name) => [name, deadLetterTopicOf(name)])
    await this.#admin.deleteTopics({ topics })
    await Promise.all([this.producer.disconnect(), this.#admin.disconnect()])
    this.ports.engine.close()
  }
}

const tableOf = (topic: string): TableIdentifier => ({
  namespace: 'bronze',
  name: topic.replaceAll(/[.-]/g, '_'),
})

type OwnTopicParts = {
  readonly name: string
  readonly format: ContractFormat
  readonly registryUrl: string
  readonly registry: Registry
  readonly own: OwnBronze
}

/** A topic of a test with its table. */
export class OwnTopic {
  readonly #parts: OwnTopicParts
  #first: InstanceTopic | undefined

  constructor(parts: OwnTopicParts) {
    this.#parts = parts
  }

  get name(): string {
    return this.#parts.name
  }

  get table(): TableIdentifier {
    return tableOf(this.name)
  }

  /** The contract that instances begin with, whatever was published since. */
  get first(): InstanceTopic {
    if (this.#first === undefined) throw new Error(`${this.name} has no contract yet`)
    return this.#first
  }

  /** Publishes a version of the contract, and returns its encoder. */
  async publish(text: string): Promise<Encoder<unknown>> {
    const { name, format, registry, registryUrl } = this.#parts
    const { version } = await registry.register(`${name}-value`, { text, format })
    this.#first ??= { name, version, format, text }
    const contractOf = () => ({ text, format })
    return new Codec({ registryUrl, timeoutMs: 10_000, contractOf }).encoder(name)
  }

  /** Values round robin over the partitions, acknowledged when it returns. */
  async send(values: readonly Buffer[], partitions = 4): Promise<void> {
    const messages = values.map((value, index) => ({ value, partition: index % partitions }))
    await this.#parts.own.producer.send({ topic: this.name, acks: -1, messages })
  }

  query(sql: string): Promise<readonly Row[]> {
    return queryTable(this.#parts.own.ports, this.table, sql)
  }

  async snapshots(): Promise<number> {
    return (await this.#parts.own.ports.catalog.loadTable(this.table)).snapshots.length
  }

  /** The table's next offset of a partition; undefined before its first commit. */
  async nextOffset(partition: number): Promise<bigint | undefined> {
    const metadata = await this.#parts.own.ports.catalog.loadTable(this.table)
    return baseOf(metadata).offsets[partitionKey(this.name, partition)]
  }

  /** Expects as many rows as were sent, each of another record and another thing, and no break in the chain of offsets. */
  async expectEachOnce(things: number): Promise<void> {
    const counts = async () => {
      const [row] = await this.query(
        `SELECT count(*)::INT AS rows, count(DISTINCT event_id)::INT AS things,
           count(DISTINCT (kafka_partition, kafka_offset))::INT AS records FROM rows`,
      )
      return row
    }
    const arrived = async () => {
      const row = await counts()
      return Number(row?.rows) >= things
    }
    const what = `${things} rows of ${this.name}`
    await eventually(arrived, { timeoutMs: 100_000, what, intervalMs: 200 })
    expect(await counts()).toEqual({ rows: things, things, records: things })
    const metadata = await this.#parts.own.ports.catalog.loadTable(this.table)
    expect(chainBreaks(history(metadata))).toEqual([])
    expect(await verifyOffsets(fileStorage, metadata)).toMatchObject({ breaks: [] })
  }
}

/** A process that runs the service. */
export class Instance {
  readonly #worker: Worker

  constructor(worker: Worker) {
    this.#worker = worker
  }

  get pid(): number {
    return this.#worker.child.pid ?? 0
  }

  get hasEnded(): boolean {
    const { exitCode, signalCode } = this.#worker.child
    return exitCode !== null || signalCode !== null
  }

  /** Resolves when it has joined the group and its tables are open. */
  async ready(): Promise<void> {
    const address = await this.#address()
    const isReady = async () => (await fetch(`${address}/health/ready`)).ok
    await eventually(isReady, { timeoutMs: 60_000, what: 'an instance to be ready' })
  }

  /** Why it is not ready; empty when it is. */
  async refusal(): Promise<string> {
    const response = await fetch(`${await this.#address()}/health/detail`)
    return response.ok ? '' : response.text()
  }

  /** The sum of a metric's samples, over all labels or over those that are named. */
  async metric(name: string, label = ''): Promise<number> {
    const text = await (await fetch(`${await this.#address()}/metrics`)).text()
    const lines = text.split('\n').filter((line) => line.startsWith(name) && line.includes(label))
    return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
  }

  /** Its peak memory, from the kernel. */
  get peakBytes(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8')
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1_024
  }

  /** @returns the exit code, or null when it was killed. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    const gone = once(this.#worker.child, 'exit')
    this.#worker.child.kill(signal)
    const [code] = await gone
    return code
  }

  async #address(): Promise<string> {
    const [listening] = await this.#worker.hears('listening')
    return `http://127.0.0.1:${listening?.port}`
  }
}
