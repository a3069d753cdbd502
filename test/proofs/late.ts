import type { Codec } from '@tenseams/codec/codec'
import { openCodec } from '@tenseams/contracts/codec'
import { Engine } from '@tenseams/iceberg/duckdb'
import { LakehouseError } from '@tenseams/iceberg/errors'
import type { LakePorts } from '@tenseams/iceberg/read/query'
import { fileStorage } from '@tenseams/iceberg/storage'
import { Catalog } from '@tenseams/iceberg/table/catalog'
import { eventually } from '@tenseams/local/launcher/host/wait'
import type { Stack } from '@tenseams/local/launcher/supervise/stack'
import { type Reading, type ReadRecord, readTopics } from '../support/kafka.ts'
import { openKafka, ownLogin } from '../support/login.ts'
import type { Claim, Verdict } from './claim.ts'
import { randomOf } from './eos/schedule.ts'
import { ProvenJob } from './flink/proven-job.ts'
import { type Due, differences, dueOf } from './late/due.ts'
import {
  deadLettersIn,
  deadLetterTopic,
  goldSql,
  inGold,
  inputIn,
  lateIn,
  lateTopic,
  type Told,
  toldIn,
  windowsIn,
  windowsTopic,
} from './late/found.ts'
import { jobUnder, lateBreaks } from './late/job.ts'
import { neitherIn, neitherLines } from './late/neither.ts'
import { paymentsTopic, Tills } from './late/tills.ts'

const SILVER_INTERVAL_MS = 1_000
const CHECKPOINT_MS = 1_000
const EQUAL_MS = 90_000
const BROKEN_EQUAL_MS = 30_000
const A_DAY = 86_400
const LONGEST_LIST = 6

/** Each payment is in exactly one of its window and the late output, gold's figure has all of them, and the rest is dead-lettered. */
export const late: Claim = {
  name: 'late',
  says: 'through restarts and crashes of the job, each payment is once in its window or in the late output, late money is in gold, and undecodable records are dead-lettered',
  breaks: lateBreaks,
  numbers: {
    seed: { default: 1, least: 1, most: 1_000_000, what: 'chooses what is sold, and how late' },
  },
  settings: () => ({ silverIntervalMs: SILVER_INTERVAL_MS }),
  entryFiles: (guard, isOn) =>
    guard === 'no-correction' && !isOn
      ? { lakehouse: 'test/faults/lakehouse/no-correction.ts' }
      : undefined,
  only: ['contracts', 'flink-jobmanager', 'flink-taskmanager', 'sql-gateway', 'lakehouse'],
  prove: async (stack, { broken, numbers, say }) => {
    const { registryUrl, kafkaBrokers: brokers, catalogUrl } = stack.endpoints
    const codec = openCodec(registryUrl, 10_000)
    const kafka = openKafka({ brokers, clientId: 'tills' })
    const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
    await producer.connect()
    const reading = await readTopics(brokers, [
      ...[paymentsTopic, windowsTopic, lateTopic, deadLetterTopic],
    ])
    const engine = await Engine.open({ memoryLimit: '256MB', threads: 1 })
    try {
      const tills = await Tills.open(producer, codec, randomOf(numbers.seed ?? 1))
      const job = new ProvenJob(stack, jobUnder(broken), { checkpointIntervalMs: CHECKPOINT_MS })
      await provoke(stack, job, tills, say)
      const catalog = new Catalog({ url: catalogUrl, login: ownLogin, timeoutMs: 10_000 })
      const ports = { catalog, storage: fileStorage, engine }
      const timeoutMs = broken === undefined ? EQUAL_MS : BROKEN_EQUAL_MS
      return await judge({ codec, reading, ports }, timeoutMs)
    } finally {
      engine.close()
      await reading.close()
      await producer.disconnect()
    }
  },
}

/** The faults that a job meets in a year, in two minutes. Payments come in each phase, also while no job runs. */
async function provoke(
  stack: Stack,
  job: ProvenJob,
  tills: Tills,
  say: (line: string) => void,
): Promise<void> {
  await job.start(1)
  await tills.sell({ seconds: 60, quiet: [3] })
  await job.checkpointed()
  say('savepoint, payments meanwhile, parallelism 2')
  const first = await job.stop()
  await tills.sell({ seconds: 40, quiet: [1] })
  await job.start(2, first)
  await tills.sell({ seconds: 40 })
  say('rescaled in place to 4, the TaskManager killed, payments meanwhile')
  await job.rescale(4)
  await tills.sell({ seconds: 40, quiet: [0, 2] })
  await job.checkpointed()
  await stack.kill('flink-taskmanager')
  await tills.sell({ seconds: 40, quiet: [3] })
  await stack.restart('flink-taskmanager')
  await job.checkpointed()
  say(
    'JobManager and TaskManager killed, and the job begun from its newest checkpoint; no ticks for a while',
  )
  await tills.sell({ seconds: 30, quiet: [2], withoutTicks: true })
  // Both, because with a TaskManager running the restart would also submit our own jobs.
  await stack.kill('flink-taskmanager')
  await stack.kill('flink-jobmanager')
  await tills.sell({ seconds: 30 })
  await stack.restart('flink-jobmanager')
  await stack.restart('flink-taskmanager')
  await job.start(2, job.newest())
  await tills.sell({ seconds: 40, quiet: [1], withoutTicks: true })
  await job.checkpointed()
  say('savepoint, parallelism 1, ticks again')
  const last = await job.stop()
  await tills.sell({ seconds: 40 })
  await job.start(1, last)
  await tills.sell({ seconds: 40 })
  await tills.tick(A_DAY)
}

type Evidence = {
  readonly codec: Codec
  readonly reading: Reading
  readonly ports: LakePorts
}

async function judge(evidence: Evidence, timeoutMs: number): Promise<Verdict> {
  const records = () => [...evidence.reading.records]
  const { sent, undecodable } = await eventually(() => whole(evidence.codec, records()), {
    timeoutMs,
    what: 'all of the topic to be read',
  })
  const due = dueOf(sent)
  let found: readonly string[] | undefined
  let lost: readonly string[] = []
  const isEqual = async () => {
    const told = await toldIn(evidence.codec, records())
    const deadLetters = differences(
      'dead letters',
      new Map(undecodable.map((place) => [place, 'dead letter'])),
      deadLettersIn(records()),
    )
    found = [...deadLetters, ...(await compare(evidence.ports, told, due))]
    lost = neitherLines(neitherIn(sent, told), due.counts.captured)
    return found.length === 0
  }
  await eventually(isEqual, { timeoutMs, intervalMs: 1_000, what: 'all to be equal' }).catch(
    (error: unknown) => {
      if (found === undefined) throw error
    },
  )
  const { captured, onTime, late } = due.counts
  const lines = [
    `${captured} captured payments told: ${onTime} on time in ${due.windows.size} windows, ${late} late; ${undecodable.length} dead letters beside them`,
    ...lost,
    ...(found ?? []).slice(0, LONGEST_LIST).map((line) => `BROKEN   ${line}`),
  ]
  return { kind: found?.length === 0 ? 'holds' : 'refuted', lines }
}

/** The last tick of every partition has arrived, so every record before it has. */
async function whole(codec: Codec, records: readonly ReadRecord[]) {
  const input = await inputIn(codec, records)
  const { sent } = input
  const newest = Math.max(...sent.map(({ event }) => event.occurredAt))
  const last = sent.filter(({ event }) => event.type === 'tick' && event.occurredAt === newest)
  return new Set(last.map(({ partition }) => partition)).size === 4 ? input : undefined
}

async function compare(ports: LakePorts, told: Told, due: Due): Promise<readonly string[]> {
  const topics = [
    ...differences('windows in the topic', due.windows, windowsIn(told)),
    ...differences('late rows in the topic', due.late, lateIn(told)),
  ]
  try {
    return [
      ...topics,
      ...differences('windows in gold', due.windows, await inGold(ports, goldSql.windows)),
      ...differences('late rows in gold', due.late, await inGold(ports, goldSql.late)),
      ...differences('figures in gold', due.figures, await inGold(ports, goldSql.figures)),
    ]
  } catch (error) {
    if (!(error instanceof LakehouseError)) throw error
    return [...topics, `gold: ${error.message}`]
  }
}
