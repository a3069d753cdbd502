import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { LogReader } from '@tenseams/auditor/log-reader'
import { baseOf } from '@tenseams/lakehouse/append'
import { Catalog } from '@tenseams/lakehouse/catalog'
import { Engine } from '@tenseams/lakehouse/duckdb'
import { hasCode } from '@tenseams/lakehouse/errors'
import { chainBreaks, history } from '@tenseams/lakehouse/history'
import { queryTable } from '@tenseams/lakehouse/query'
import { planScan } from '@tenseams/lakehouse/scan'
import { fileStorage } from '@tenseams/lakehouse/storage'
import type { Stack } from '@tenseams/local/stack'
import { eventually, WaitTimeoutError } from '@tenseams/local/wait'
import { type Loss, type LossyProxy, openLossyProxy } from '../seams/lossy-proxy.ts'
import type { Claim, Proving, Verdict } from './claim.ts'
import { proofsFolder } from './eos/journal.ts'
import { SinkProcess, WriterProcess } from './lake/child.ts'
import { breaks, type Guard, guards } from './lake/faulty-catalog.ts'
import { judge } from './lake/judgement.ts'
import { NUMBER_HEADER, recordOf, sumOf, TABLE, TOPIC, textOf } from './lake/records.ts'
import { type Fault, leastKills, type Phase, type SinkName, scheduleOf } from './lake/schedule.ts'

const PROGRESS = { timeoutMs: 90_000, what: 'a sink to commit' }

/** What a provocation meets: two sinks, each with a proxy before the catalogue, and a writer at work. */
class Scene {
  readonly sinks: Partial<Record<SinkName, SinkProcess>> = {}
  readonly #stack: Stack
  readonly #folder: string
  readonly #broken: string | undefined
  readonly proxies: Readonly<Record<SinkName, LossyProxy>>
  readonly writer: WriterProcess

  private constructor(stack: Stack, proxies: Scene['proxies'], opening: Opening) {
    this.#stack = stack
    this.#broken = opening.broken
    this.proxies = proxies
    this.#folder = join(proofsFolder, 'lake')
    rmSync(this.#folder, { recursive: true, force: true })
    mkdirSync(this.#folder, { recursive: true })
    const { kafkaBrokers: brokers, registryUrl } = stack.endpoints
    const journalFile = join(this.#folder, 'writer.jsonl')
    const { seed, recordsPerSecond } = opening
    this.writer = new WriterProcess({ brokers, registryUrl, seed, recordsPerSecond, journalFile })
  }

  static async open(stack: Stack, opening: Opening): Promise<Scene> {
    const { catalogUrl } = stack.endpoints
    const proxies = { a: await openLossyProxy(catalogUrl), b: await openLossyProxy(catalogUrl) }
    return new Scene(stack, proxies, opening)
  }

  sink(name: SinkName): SinkProcess {
    const sink = this.sinks[name]
    if (sink === undefined) throw new Error(`the sink ${name} has not been started`)
    return sink
  }

  async begin(name: SinkName, phase: Phase): Promise<void> {
    const sink = new SinkProcess({
      brokers: this.#stack.endpoints.kafkaBrokers,
      registryUrl: this.#stack.endpoints.registryUrl,
      catalogUrl: this.proxies[name].url,
      groupId: phase === 'sharing' ? 'lake' : `lake-${name}`,
      logFile: join(this.#folder, `sink-${name}.log`),
      flushIntervalMs: 200,
      ...(this.#broken !== undefined && { broken: this.#broken }),
    })
    this.sinks[name] = sink
    await sink.ready()
  }

  async beginBoth(phase: Phase): Promise<void> {
    await this.endBoth('SIGTERM')
    await Promise.all([this.begin('a', phase), this.begin('b', phase)])
    await this.someCommits('b', 1)
  }

  async endBoth(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    await Promise.all([this.sinks.a?.end(signal), this.sinks.b?.end(signal)])
  }

  async someCommits(name: SinkName, more: number): Promise<void> {
    const before = this.sink(name).commits
    await eventually(() => this.sink(name).commits >= before + more, PROGRESS)
  }

  /** The next commit of a sink is treated so; resolves when that has happened. */
  async lose(name: SinkName, loss: Loss): Promise<void> {
    this.proxies[name].lose(loss)
    await eventually(() => this.proxies[name].hasStruck(), { ...PROGRESS, what: loss })
  }

  async close(): Promise<void> {
    this.writer.end()
    await this.endBoth('SIGKILL')
    await Promise.all([this.proxies.a.close(), this.proxies.b.close()])
  }
}

type Opening = {
  readonly seed: number
  readonly recordsPerSecond: number
  readonly broken?: string | undefined
}

/** Every committed record is in its bronze table once, whatever is killed. */
export const lake: Claim = {
  name: 'lake',
  says: 'every committed record is in its bronze table once, and no aborted one',
  breaks,
  provokes: ['all', ...guards],
  numbers: {
    kills: { default: 20, least: 1, most: 200, what: 'kills' },
    seed: { default: 3, least: 1, most: 1_000_000, what: 'chooses records and faults' },
    records: { default: 200_000, least: 1_000, most: 5_000_000, what: 'records at least' },
  },
  only: ['contracts', 'catalog'],
  prove: async (stack, proving) => {
    const { kills = 20, seed = 3, records = 200_000 } = proving.numbers
    const { broken, provoked } = proving
    const guard = broken ?? provoked
    const recordsPerSecond = guard === undefined ? records / (kills * 8) : 300
    const scene = await Scene.open(stack, { seed, recordsPerSecond, broken })
    try {
      if (guard === undefined) return await underFire(stack, scene, proving)
      for (const one of guard === 'all' ? guards : [guard as Guard]) {
        await provocations[one](scene)
        proving.say(`${one} is provoked`)
      }
      await scene.writer.finish(2_000, 60_000)
      // Whoever begins anew makes good whatever can be made good.
      await scene.endBoth('SIGTERM')
      await scene.begin('a', 'sharing').catch(() => undefined)
      return await verify(stack, seed)
    } finally {
      await scene.close()
    }
  },
}

/** What each guard is there for, so that it is surely missed. */
const provocations: Readonly<Record<Guard, (scene: Scene) => Promise<void>>> = {
  'offsets-outside-commit': async (scene) => {
    await alone(scene)
    await scene.lose('a', 'withheld')
    await scene.sink('a').end('SIGKILL')
    await scene.begin('a', 'sharing')
  },
  'no-compare-and-set': (scene) => overtake(scene, 'sharing'),
  'stale-base': (scene) => overtake(scene, 'racing'),
  'delete-on-unknown': async (scene) => {
    await alone(scene)
    await scene.lose('a', 'answer-lost')
  },
}

/** Only one sink, so that no commit meets another's and is refused: what is lost on the way is an acceptance. */
async function alone(scene: Scene): Promise<void> {
  await scene.endBoth('SIGTERM')
  await scene.begin('a', 'sharing')
  await scene.someCommits('a', 1)
}

/** One sink stands still right before its commit, while the other commits. */
async function overtake(scene: Scene, phase: Phase): Promise<void> {
  await scene.beginBoth(phase)
  await scene.sink('a').reach({ step: 'before-commit', by: 'stop' })
  await scene.someCommits('b', 3)
  const after = scene.sink('a').commits
  scene.sink('a').goOn()
  await eventually(() => scene.sink('a').commits > after || phase === 'racing', PROGRESS)
  await scene.someCommits('b', 1)
}

async function underFire(stack: Stack, scene: Scene, { numbers, say }: Proving): Promise<Verdict> {
  const { kills = 20, seed = 3, records = 200_000 } = numbers
  let phase: Phase | undefined
  for (const [index, fault] of scheduleOf(seed, kills).entries()) {
    if (fault.phase !== phase) {
      phase = fault.phase
      await scene.beginBoth(phase)
    }
    const { sink: name, kill, disturbance } = fault
    await scene.lose(name, disturbance)
    await inflict(stack, scene.sink(name), kill)
    const commits = () => scene.sink('a').commits + scene.sink('b').commits
    if (scene.sink(name).hasEnded) await scene.begin(name, phase)
    const before = commits()
    await eventually(() => commits() > before, PROGRESS)
    say(`${index + 1} of ${kills}: ${disturbance}, ${JSON.stringify(kill)} of ${name}, ${phase}`)
  }
  await scene.writer.finish(records, 300_000)
  const { kind, lines } = await verify(stack, seed)
  const isEnough = kills >= leastKills || kind === 'refuted'
  return { kind: isEnough ? kind : 'undecided', lines: [`${kills} kills`, ...lines] }
}

async function inflict(stack: Stack, sink: SinkProcess, kill: Fault['kill']): Promise<void> {
  if (kill.kind === 'kill-at-step') return sink.reach({ step: kill.step, by: 'kill' })
  if (kill.kind === 'kill') {
    await delay(kill.afterMs)
    return sink.end('SIGKILL')
  }
  if (kill.kind === 'catalog') {
    await stack.kill('catalog')
    await delay(kill.awayMs)
    return stack.restart('catalog')
  }
  await sink.reach({ step: kill.step, by: 'stop' })
  await delay(kill.awayMs)
  sink.goOn()
}

/** The table is judged against the log itself, read without the sinks' client. */
async function verify({ endpoints }: Stack, seed: number): Promise<Verdict> {
  const { wanted, last } = await readLog(endpoints.kafkaBrokers, seed)
  const engine = await Engine.open({ memoryLimit: '1GB', threads: 2 })
  const catalog = new Catalog({ url: endpoints.catalogUrl, timeoutMs: 10_000 })
  const isThere = async () => {
    const { offsets } = baseOf(await catalog.loadTable(TABLE))
    return [...last].every(([partition, offset]) => (offsets[partition] ?? 0n) > offset)
  }
  const ports = { catalog, engine, storage: fileStorage }
  try {
    const readable = await planScan(fileStorage, await catalog.loadTable(TABLE))
    const gone = readable.files.find(({ file_path }) => !existsSync(fileStorage.locate(file_path)))
    if (gone !== undefined) return missing(gone.file_path)
    const waiting = {
      timeoutMs: 180_000,
      what: 'the table to reach the log’s end',
      intervalMs: 500,
    }
    await eventually(isThere, waiting)
    const rows = await queryTable(ports, TABLE, ROWS)
    const found = rows.map(({ place, text }) => ({
      ...{ place: String(place), sum: sumOf(String(text)) },
    }))
    return judge(wanted, found, chainBreaks(history(await catalog.loadTable(TABLE))).length)
  } catch (error) {
    if (error instanceof WaitTimeoutError) return { kind: 'undecided', lines: [error.message] }
    if (!hasCode(error, 'STORAGE_FAILED')) throw error
    return missing(error.message)
  } finally {
    engine.close()
  }
}

const missing = (what: string): Verdict => ({
  kind: 'refuted',
  lines: [`BROKEN   I16 the table refers to a file that is gone: ${what}`],
})

async function readLog(brokers: string, seed: number) {
  const reader = new LogReader({ brokers, timeoutMs: 10_000 })
  const wanted = new Map<string, string>()
  const last = new Map<string, bigint>()
  await reader.readOn([TOPIC], async (records) => {
    for (const { partition, offset, fate, headers, writtenAt } of records) {
      const record = recordOf(seed, Number(headers.get(NUMBER_HEADER)))
      if (fate !== 'committed' || record.kind !== 'event') continue
      wanted.set(`${partition}@${offset}`, sumOf(textOf(record, writtenAt)))
      last.set(`${TOPIC}-${partition}`, offset)
    }
  })
  await reader.close()
  return { wanted, last }
}

const ROWS = `SELECT kafka_partition || '@' || kafka_offset AS place, array_to_string(list_transform([
  event_id, stream_id, version::VARCHAR, type, epoch_us(occurred_at)::VARCHAR,
  epoch_us(kafka_timestamp)::VARCHAR, traceparent, placed.customer_id, placed.currency,
  placed.total_minor::VARCHAR, placed.payment_method, array_to_string(list_transform(placed.lines,
  lambda l: l.sku || ':' || l.quantity || ':' || l.price_minor), ','), completed.shipment_id],
  lambda v: coalesce(v, '')), '|') AS text FROM rows`
