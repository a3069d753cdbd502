import { durableProducer } from '@tenseams/kafka/producer'
import { eventually } from '@tenseams/local/launcher/host/wait'
import type { Admin, Producer } from 'kafkajs'
import { newTopic } from '../../support/kafka.ts'
import { openKafka } from '../../support/login.ts'
import { Arrivals, readInto } from './arrivals.ts'
import { backlogRecords, type Load, type Turn } from './contests.ts'
import { machineBusyMicros, microsBetween, type ThreadTimes, threadTimesOf } from './cpu.ts'
import { percentile, requestsBetween, type TurnFigures } from './figures.ts'
import { pace, pile } from './load.ts'
import { type LoopFigures, LoopProcess, type LoopTask } from './loop.ts'

/** As many as an orders topic has. */
export const PARTITIONS = 4
export const RECORDS_PER_SECOND = 4_000
const PRIMING_MS = 250
const END_TIMEOUT_MS = 60_000

/** A broker under measurement, and all that lives through the whole of it. */
export type Bench = {
  readonly brokers: string
  readonly brokerPid: number
  readonly admin: Admin
  readonly producer: Producer
  readonly loops: LoopProcess
  close(): Promise<void>
}

type Look = {
  readonly at: number
  readonly loop: ThreadTimes
  readonly broker: ThreadTimes
  readonly own: number
  readonly machine: number
  readonly figures: LoopFigures
}

export async function openBench(brokers: string, brokerPid: number): Promise<Bench> {
  const kafka = openKafka({ brokers, clientId: 'bench-generator' })
  const admin = kafka.admin()
  // Sends overlap here, which kafkajs's idempotent producer must not do; a lost or doubled record would be seen.
  const producer = kafka.producer({ ...durableProducer, idempotent: false, maxInFlightRequests: 5 })
  await admin.connect()
  await producer.connect()
  const loops = new LoopProcess()
  const close = async () => {
    await loops.close()
    await producer.disconnect()
    await admin.disconnect()
  }
  return { brokers, brokerPid, admin, producer, loops, close }
}

let groups = 0

/**
 * In topics and a group of its own, so that nothing of the turns before is read or waited for. They stay until the broker
 * is gone: deleting them would be work of the broker in somebody's turn.
 */
export async function take(
  bench: Bench,
  { contest, side }: Turn,
  round: number,
  seconds: number,
): Promise<TurnFigures> {
  const groupId = `bench-${++groups}`
  const [input, output] = [`${groupId}-in`, `${groupId}-out`]
  await newTopic(bench.admin, input, PARTITIONS)
  await newTopic(bench.admin, output, PARTITIONS)
  const { load, recordBytes } = contest
  const task: LoopTask = {
    brokers: bench.brokers,
    groupId,
    input,
    output,
    partitions: PARTITIONS,
    toAllPartitions: contest.output === 'all',
    side,
    bounds: boundsOf(load),
  }
  try {
    const figures =
      load.kind === 'paced'
        ? await measurePaced(bench, task, recordBytes, seconds)
        : await measureBacklog(bench, task, recordBytes, backlogRecords(load.recordsPerTransaction))
    return { contest: contest.name, side, round, ...figures }
  } finally {
    await bench.loops.stop()
  }
}

function boundsOf(load: Load): LoopTask['bounds'] {
  if (load.kind === 'backlog') return { maxRecords: load.recordsPerTransaction }
  return { maxMs: load.intervalMs, maxRecords: 100_000 }
}

type Measured = Omit<TurnFigures, 'contest' | 'side' | 'round'>

async function measurePaced(
  bench: Bench,
  task: LoopTask,
  recordBytes: number,
  seconds: number,
): Promise<Measured> {
  const primed = Math.round((RECORDS_PER_SECOND * PRIMING_MS) / 1_000)
  const count = Math.round(RECORDS_PER_SECOND * seconds)
  const arrivals = new Arrivals(primed + count)
  const reader = await readInto(readerOf(bench), task.output, arrivals)
  try {
    await bench.loops.start(task)
    const load = { topic: task.input, recordBytes }
    await pace(bench.producer, { ...load, first: 0, count: primed }, RECORDS_PER_SECOND)
    await isThrough(bench, primed, arrivals)
    const before = await look(bench)
    const measured = { ...load, first: primed, count }
    const achieved = await pace(bench.producer, measured, RECORDS_PER_SECOND)
    await isThrough(bench, primed + count, arrivals)
    const after = await look(bench)
    arrivals.assertEachOnce()
    const latencies = arrivals.latenciesMs(primed)
    const latencyMs = { p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) }
    return { ...between(before, after), latencyMs, achieved }
  } finally {
    await reader.close()
  }
}

/** Nobody sends and nobody reads meanwhile: what comes of it is counted afterwards. */
async function measureBacklog(
  bench: Bench,
  task: LoopTask,
  recordBytes: number,
  count: number,
): Promise<Measured> {
  await pile(bench.producer, { topic: task.input, recordBytes, first: 0, count })
  await bench.loops.start(task)
  const before = await isHandled(bench, 1)
  const after = await isHandled(bench, count)
  const arrivals = new Arrivals(count)
  const reader = await readInto(readerOf(bench), task.output, arrivals)
  try {
    await isThrough(bench, count, arrivals)
    arrivals.assertEachOnce()
  } finally {
    await reader.close()
  }
  return { ...between(before, after), latencyMs: undefined, achieved: 1 }
}

const readerOf = ({ brokers }: Bench) => openKafka({ brokers, clientId: 'bench-reader' })

/** Until so many are to be seen by a reader, and the loop knows that they are committed. */
async function isThrough(bench: Bench, count: number, arrivals: Arrivals): Promise<void> {
  await eventually(() => arrivals.seen >= count, {
    timeoutMs: END_TIMEOUT_MS,
    intervalMs: 5,
    what: `${count} records to be seen, of which ${arrivals.seen} were when it began`,
  })
  await isHandled(bench, count)
}

function isHandled(bench: Bench, count: number): Promise<Look> {
  const handled = async () => {
    const now = await look(bench)
    return now.figures.handled >= count && now
  }
  const what = `${count} records to be handled`
  return eventually(handled, { timeoutMs: END_TIMEOUT_MS, intervalMs: 20, what })
}

async function look({ loops, brokerPid }: Bench): Promise<Look> {
  const figures = await loops.look()
  const own = process.cpuUsage()
  return {
    at: performance.now(),
    loop: threadTimesOf(loops.pid),
    broker: threadTimesOf(brokerPid),
    own: own.user + own.system,
    machine: machineBusyMicros(),
    figures,
  }
}

function between(before: Look, after: Look) {
  const loopMicros = microsBetween(before.loop, after.loop)
  const brokerMicros = microsBetween(before.broker, after.broker)
  const generatorMicros = after.own - before.own
  const all = after.machine - before.machine
  return {
    records: after.figures.handled - before.figures.handled,
    wallMs: after.at - before.at,
    loopMicros,
    brokerMicros,
    generatorMicros,
    othersMicros: all - loopMicros - brokerMicros - generatorMicros,
    transactions: after.figures.committed - before.figures.committed,
    failed: after.figures.failed - before.figures.failed,
    requests: requestsBetween(before.figures.requests, after.figures.requests),
  }
}
