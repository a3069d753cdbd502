import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { askUntilAnswered, statusOf } from '@tenseams/debezium/connect-api'
import { eventually } from '@tenseams/local/launcher/host/wait'
import type { Stack } from '@tenseams/local/launcher/supervise/stack'
import type { Kafka } from 'kafkajs'
import type pg from 'pg'
import { newTopic } from '../../support/kafka.ts'
import { openKafka } from '../../support/login.ts'
import { adminPool } from '../../support/shop.ts'
import { microsBetween, threadTimesOf } from '../eos/cpu.ts'
import { Arrivals } from './arrivals.ts'
import { type Contestant, contestantsOf, INSERT, TABLE } from './contestants.ts'

export const ROWS_A_TRANSACTION = 1_000
const PAYLOAD_BYTES = 200
const STEP_MS = 120_000
export const SINGLE_WRITES_A_SECOND = 100

/** One contestant's run through a backlog. */
export type Turn = { readonly perCpuSecond: number; readonly perSecond: number }

type Entered = { readonly contestant: Contestant; readonly arrivals: Arrivals }

/** Connectors with different settings for one table of events; each is paused except in its turn. */
export class Race {
  readonly #stack: Stack
  readonly #pool: pg.Pool
  readonly #kafka: Kafka
  readonly #entered: Entered[] = []

  private constructor(stack: Stack) {
    this.#stack = stack
    this.#pool = adminPool(stack)
    this.#kafka = openKafka({ brokers: stack.endpoints.kafkaBrokers, clientId: 'bench' })
  }

  /** Creates the table, and for each contestant a topic, a publication, a slot and a connector. */
  static async open(stack: Stack): Promise<Race> {
    const race = new Race(stack)
    await race.#makeTable()
    for (const contestant of await contestantsOf(stack)) await race.#enter(contestant)
    return race
  }

  get contestants(): readonly Contestant[] {
    return this.#entered.map(({ contestant }) => contestant)
  }

  async close(): Promise<void> {
    for (const { arrivals } of this.#entered) await arrivals.close()
    await this.#pool.end()
  }

  async #makeTable(): Promise<void> {
    for (const statement of [
      'create schema bench',
      `create table ${TABLE} (like orders.events including defaults including identity)`,
      'grant usage on schema bench to debezium',
      `grant select on ${TABLE} to debezium`,
      // The JSON is for people; the connector sends the payload.
      `alter table ${TABLE} alter data drop not null`,
    ]) {
      await this.#pool.query(statement)
    }
  }

  async #enter(contestant: Contestant): Promise<void> {
    const { name, topic, configuration } = contestant
    const admin = this.#kafka.admin()
    await admin.connect()
    await newTopic(admin, topic, 4).finally(() => admin.disconnect())
    await this.#pool.query(`create publication bench_${name} for table ${TABLE}`)
    await this.#pool.query(`select pg_create_logical_replication_slot($1, 'pgoutput')`, [
      `bench_${name}`,
    ])
    this.#entered.push({ contestant, arrivals: await Arrivals.open(this.#kafka, topic) })
    await this.#ask(name, 'config', JSON.stringify(configuration))
    await this.#until(name, 'RUNNING')
    await this.#stop(name)
  }

  /** Writes rows while all are paused; then one after another catches up alone, in reverse order in every second round. */
  async round(at: number, records: number): Promise<ReadonlyMap<string, Turn>> {
    for (let written = 0; written < records; written += ROWS_A_TRANSACTION) {
      await this.#pool.query(INSERT, [ROWS_A_TRANSACTION, randomBytes(PAYLOAD_BYTES)])
    }
    const turns = new Map<string, Turn>()
    for (const entered of at % 2 === 0 ? this.#entered : this.#entered.toReversed()) {
      turns.set(entered.contestant.name, await this.#workOff(entered, records))
    }
    return turns
  }

  async #workOff({ contestant: { name }, arrivals }: Entered, records: number): Promise<Turn> {
    const due = arrivals.count + records
    const pid = (await this.#stack.status()).find((part) => part.name === 'connect')?.pid
    if (pid === undefined) throw new Error('Connect does not run')
    const cpu = threadTimesOf(pid)
    const begun = performance.now()
    await this.#resume(name)
    await this.#arrived(arrivals, due, name)
    const wallMs = performance.now() - begun
    const micros = microsBetween(cpu, threadTimesOf(pid))
    await this.#stop(name)
    return { perCpuSecond: (records / micros) * 1e6, perSecond: (records / wallMs) * 1_000 }
  }

  /** Single writes at a fixed rate: the milliseconds from each commit to a reader of committed records. */
  async latencies(name: string, seconds: number): Promise<readonly number[]> {
    const entered = this.#entered.find(({ contestant }) => contestant.name === name)
    if (entered === undefined) throw new Error(`no contestant ${name}`)
    const { arrivals } = entered
    await this.#resume(name)
    await this.#arrived(arrivals, await this.#countRows(), name)
    const committed = await this.#writeSingly(seconds * SINGLE_WRITES_A_SECOND)
    await this.#arrived(arrivals, await this.#countRows(), name)
    await this.#stop(name)
    return [...committed].map(([id, at]) => Math.max(0, (arrivals.at(id) ?? Number.NaN) - at))
  }

  async #writeSingly(rows: number): Promise<ReadonlyMap<string, number>> {
    const committed = new Map<string, number>()
    const begun = performance.now()
    for (let row = 0; row < rows; row++) {
      await delay(Math.max(0, begun + (row * 1_000) / SINGLE_WRITES_A_SECOND - performance.now()))
      const answer = await this.#pool.query<{ event_id: string }>(INSERT, [
        1,
        randomBytes(PAYLOAD_BYTES),
      ])
      committed.set(answer.rows[0]?.event_id ?? '', performance.now())
    }
    return committed
  }

  async #countRows(): Promise<number> {
    const { rows } = await this.#pool.query<{ n: string }>(`select count(*) as n from ${TABLE}`)
    return Number(rows[0]?.n)
  }

  async #arrived(arrivals: Arrivals, due: number, name: string): Promise<void> {
    await eventually(() => arrivals.count >= due, {
      timeoutMs: STEP_MS,
      intervalMs: 20,
      what: `all events by ${name}`,
    })
    if (arrivals.count > due) throw new Error(`${name} sent ${arrivals.count - due} events twice`)
  }

  async #resume(name: string): Promise<void> {
    await this.#ask(name, 'resume')
    await this.#until(name, 'RUNNING')
  }

  async #stop(name: string): Promise<void> {
    await this.#ask(name, 'stop')
    await this.#until(name, 'STOPPED')
  }

  async #ask(name: string, path: string, body?: string): Promise<void> {
    const options = { method: 'PUT', ...(body !== undefined && { body }) }
    const { endpoints } = this.#stack
    await askUntilAnswered(endpoints, `/connectors/${name}/${path}`, Date.now() + STEP_MS, options)
  }

  async #until(name: string, state: 'RUNNING' | 'STOPPED'): Promise<void> {
    const isInState = async () => {
      const status = await statusOf(this.#stack.endpoints, name)
      const tasks = status?.tasks.filter((task) => task.state === 'RUNNING').length ?? -1
      return status?.connector.state === state && tasks === (state === 'RUNNING' ? 1 : 0)
    }
    await eventually(isInState, {
      timeoutMs: STEP_MS,
      intervalMs: 50,
      what: `${name} to be ${state}`,
    })
  }
}
