import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { Engine } from '@tenseams/iceberg/duckdb'
import { type ExpirePolicy, expire } from '@tenseams/iceberg/maintain/expire'
import type { LakePorts } from '@tenseams/iceberg/read/query'
import { fileStorage } from '@tenseams/iceberg/storage'
import { Catalog } from '@tenseams/iceberg/table/catalog'
import type { Stack } from '@tenseams/local/launcher/supervise/stack'
import { ownLogin } from '../support/login.ts'
import { microsBetween, threadTimesOf } from './eos/cpu.ts'
import { commitCosts } from './lake/commits.ts'
import { startConnectSink } from './lake/connect-sink.ts'
import { type Bench, backlogRound, holdsAll, memoryTurns, pacedRound } from './lake/contests.ts'
import { assertEqual, sumsOf } from './lake/equality.ts'
import { type FreshnessTurn, isKept, kneeOf, rowsPerSecond } from './lake/figures.ts'
import { latencyOf, Reader } from './lake/freshness.ts'
import { Load } from './lake/load.ts'
import { startOurSink } from './lake/our-sink.ts'
import { serverPids } from './lake/processes.ts'
import { readProfile, sharesOf } from './lake/profile.ts'
import { type Figures, goalsOf, tablesOf, writeFigures, writePage } from './lake/report.ts'
import { type Sink, sides } from './lake/sinks.ts'

export type LakeOptions = {
  readonly rounds: number
  readonly seconds: number
  /** The size of the backlog for the memory measurement. */
  readonly records: number
  /** The longest history. */
  readonly commits: number
  /** Whether the tables are written to docs/bench/lakehouse.md. */
  readonly page: boolean
}

const ONLY_THE_NEWEST: ExpirePolicy = { keepLast: 1, olderThanMs: 0, leastToExpire: 1, pinned: [] }
const INTERVAL_MS = 1_000
/** The service's own settings. */
const SERVICE_INTERVALS = { flushIntervalMs: 400, earlyFlushIntervalMs: 150 }
const BACKLOG = 150_000
/** Well below the capacity of both: this measures the cost of a row while every second is committed. */
const STEADY_RATE = 4_000
/** The share of the backlog's rate: generator and reader need a part of the machine. */
const STEPS = [0.15, 0.3, 0.45, 0.6, 0.75, 0.9]

/**
 * The lakehouse service compared with Iceberg's own sink for Kafka Connect: the same topic, interval and catalogue, in one
 * run. After every part both tables must have each record once, or the bench fails.
 *
 * @returns whether all goals were reached.
 */
export async function benchLake(stack: Stack, options: LakeOptions): Promise<boolean> {
  const conditions = conditionsOf(stack, options)
  const catalog = new Catalog({
    url: stack.endpoints.catalogUrl,
    login: ownLogin,
    timeoutMs: 30_000,
  })
  const engine = await Engine.open({ memoryLimit: '1GB', threads: 2 })
  const ports: LakePorts = { catalog, engine, storage: fileStorage }
  const load = await Load.open(stack)
  try {
    const contests = await contest(stack, ports, load, options)
    writeFigures({ conditions, ...contests })
    const fresh = await freshness(stack, ports, load, options.seconds, contests.drainRate)
    writeFigures({ conditions, ...contests, ...fresh })
    const commits = await histories(stack, ports, options.commits)
    const figures: Figures = { conditions, ...contests, ...fresh, commits }
    const file = writeFigures(figures)
    const tables = tablesOf(figures)
    console.log(`${tables}\n\nall figures of all turns: ${file}`)
    if (options.page) writePage(tables)
    return goalsOf(figures).every(({ isReached }) => isReached)
  } finally {
    await load.close()
    engine.close()
  }
}

/** Both sinks side by side, until their tables are equal. */
async function contest(stack: Stack, ports: LakePorts, load: Load, options: LakeOptions) {
  const sinks = await startBoth(stack)
  const all = Object.values(sinks)
  try {
    const bench: Bench = {
      stack,
      load,
      sinks,
      locations: await locationsOf(ports, sinks),
      servers: await serverPids(stack),
    }
    for (const round of [0, 1]) await backlogRound(bench, round, BACKLOG)
    say('warm')
    const paced = await inRounds(options.rounds, (round) =>
      pacedRound(bench, round, STEADY_RATE, options.seconds * 1_000),
    )
    const backlog = await inRounds(options.rounds, (round) => backlogRound(bench, round, BACKLOG))
    const memory = await memoryTurns(bench, options.records)
    for (const sink of all) await holdsAll(bench, sink)
    const sums = await sumsOf(ports, all)
    assertEqual(sums, load.sent)
    const ourTurns = backlog.flat().filter(({ side }) => side === 'ours')
    await sinks.ours.close()
    const profile = await profiled(bench)
    return {
      backlog: backlog.flat(),
      paced,
      memory,
      sums: `At the end of all rounds both tables held each of ${load.sent - BACKLOG} records once, with equal checksums over all columns that both have.`,
      drainRate: Math.max(...ourTurns.map(rowsPerSecond)),
      ...profile,
    }
  } finally {
    for (const sink of all) await sink.close()
  }
}

async function startBoth(stack: Stack): Promise<Bench['sinks']> {
  const ours = await startOurSink(stack, { flushIntervalMs: INTERVAL_MS })
  try {
    const connect = await startConnectSink(stack, { commitIntervalMs: INTERVAL_MS })
    return { ours, connect }
  } catch (error) {
    await ours.close()
    throw error
  }
}

async function locationsOf({ catalog }: LakePorts, sinks: Bench['sinks']) {
  const locationOf = async ({ table }: Sink) => (await catalog.loadTable(table)).location
  return { ours: await locationOf(sinks.ours), connect: await locationOf(sinks.connect) }
}

/** One more backlog for ours, with the profiler on; the CPU time of its threads includes what the profiler does not see. */
async function profiled(bench: Bench) {
  const folder = mkdtempSync(join(tmpdir(), 'tenseams-profile-'))
  try {
    await bench.load.pile(BACKLOG)
    const nodeArguments = ['--cpu-prof', `--cpu-prof-dir=${folder}`]
    const sink = await startOurSink(bench.stack, { flushIntervalMs: INTERVAL_MS, nodeArguments })
    await holdsAll(bench, sink)
    const times = threadTimesOf(sink.pid)
    const all = microsBetween(new Map(), times)
    await sink.close()
    const main = (times.get(String(sink.pid)) ?? 0) / 1_000
    return { shares: sharesOf(readProfile(folder)), mainThreadShare: main / all }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Each sink alone: ours at its interval in production, theirs at the shortest compared one. */
async function freshness(
  stack: Stack,
  ports: LakePorts,
  load: Load,
  seconds: number,
  drainRate: number,
) {
  const ours = await startOurSink(stack, SERVICE_INTERVALS)
  const steps: FreshnessTurn[] = []
  const measured: FreshnessTurn[] = []
  try {
    for (const share of STEPS) {
      steps.push(await freshnessTurn(ports, load, ours, drainRate * share, seconds))
      if (!isKept(steps.at(-1) as FreshnessTurn)) break
    }
    const knee = kneeOf(steps) ?? drainRate * (STEPS[0] ?? 0)
    for (const share of [0.5, 0.7, 0.9]) {
      measured.push(await freshnessTurn(ports, load, ours, knee * share, seconds * 2))
    }
  } finally {
    await ours.close()
  }
  const rate = measured[0]?.rate ?? STEADY_RATE
  const connect = await startConnectSink(stack, { commitIntervalMs: INTERVAL_MS })
  try {
    measured.push(await freshnessTurn(ports, load, connect, rate, seconds * 2))
  } finally {
    await connect.close()
  }
  return { steps, knee: kneeOf(steps), freshness: measured }
}

async function freshnessTurn(
  ports: LakePorts,
  load: Load,
  sink: Sink,
  rate: number,
  seconds: number,
): Promise<FreshnessTurn> {
  const reader = new Reader(ports.catalog, sink.table)
  try {
    await reader.holds(load.sent)
    // So that a reader's query costs the same for both tables, however often they were committed.
    await expire(ports, sink.table, await ports.catalog.loadTable(sink.table), ONLY_THE_NEWEST)
    await reader.holds(load.sent)
    // Not counted: in the first second compilers and connections are cold.
    await load.pace(rate, 1_000)
    await reader.holds(load.sent)
    const fromMs = Date.now()
    const { achieved } = await load.pace(rate, seconds * 1_000)
    await reader.holds(load.sent)
    const latency = await latencyOf(ports.engine, reader, fromMs)
    const turn = { side: sink.side, rate, achieved, latency }
    say(`${sink.side} at ${rate.toFixed(0)}/s: p99 ${latency.p99Ms.toFixed(0)} ms`)
    return turn
  } finally {
    await reader.close()
  }
}

async function histories(stack: Stack, ports: LakePorts, longest: number) {
  const marks = [10, 100, 1_000, 10_000].filter((mark) => mark <= longest)
  const { catalog } = await serverPids(stack)
  const costs = (name: string, bounded: boolean, to = marks) =>
    commitCosts(ports, catalog, { name, marks: to, bounded })
  await costs('commits_warm', true, [100])
  const bounded = await costs('commits_bounded', true)
  say('history: bounded')
  const unbounded = await costs(
    'commits_unbounded',
    false,
    marks.filter((mark) => mark <= 1_000),
  )
  return { bounded, unbounded }
}

async function inRounds<Made>(rounds: number, work: (round: number) => Promise<Made>) {
  const made: Made[] = []
  for (let round = 0; round < rounds; round++) {
    made.push(await work(round))
    say(`round ${round + 1} of ${rounds}`)
  }
  return made
}

function conditionsOf({ context: { paths } }: Stack, { rounds, seconds }: LakeOptions) {
  const versionOf = (folder: string, jar: string) =>
    readdirSync(join(paths.jvm, 'lib', folder))
      .map((name) => new RegExp(`^${jar}-(\\d+\\.\\d+)[\\d.]*\\.jar$`).exec(name)?.[1])
      .find(Boolean)
  return {
    begun: new Date().toISOString(),
    machine: `${availableParallelism()} cores of ${cpus()[0]?.model ?? 'an unknown kind'}`,
    'load before': loadavg()
      .map((each) => each.toFixed(1))
      .join(' '),
    versions: `Kafka ${versionOf('kafka', 'kafka-clients')}, Iceberg ${versionOf('catalog', 'iceberg-core')}, Node ${process.version}`,
    rounds: `${rounds} of ${seconds} s at ${STEADY_RATE} records/s, ${rounds} of a backlog of ${BACKLOG}; commits each ${INTERVAL_MS} ms; ${sides.length} sinks`,
  }
}

function say(line: string): void {
  console.error(`${line}; load ${loadavg()[0]?.toFixed(1)}`)
}
