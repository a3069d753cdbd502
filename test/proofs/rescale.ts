import type { Codec } from '@tenseams/codec/codec'
import { openCodec } from '@tenseams/contracts/codec'
import { readJob } from '@tenseams/flink-jobs/script/job'
import type { Script } from '@tenseams/flink-jobs/script/script'
import { Engine } from '@tenseams/iceberg/duckdb'
import type { LakePorts } from '@tenseams/iceberg/read/query'
import { fileStorage } from '@tenseams/iceberg/storage'
import { Catalog } from '@tenseams/iceberg/table/catalog'
import { eventually } from '@tenseams/local/launcher/host/wait'
import { readTopics } from '../support/kafka.ts'
import { openKafka, ownLogin } from '../support/login.ts'
import type { Claim, Verdict } from './claim.ts'
import { randomOf } from './eos/schedule.ts'
import { ProvenJob } from './flink/proven-job.ts'
import {
  countWritten,
  foundInGold,
  foundInTopics,
  lateTopic,
  sentIn,
  sessionsTopic,
} from './rescale/outputs.ts'
import { type Provoked, provoke } from './rescale/provocation.ts'
import { type Compared, compareWithBatch } from './rescale/recompute.ts'
import { ordersTopic, paymentsTopic, Shoppers } from './rescale/shoppers.ts'

const CHECKPOINT_MS = 10_000
const MANAGED_MB = 64
const LEAST_STATE_FACTOR = 3
/** With fewer orders the state need not exceed the memory. */
const ORDERS_FOR_STATE = 30_000
/** With state on disk it takes minutes until all windows are written. */
const SETTLED_MS = 600_000
const GOLD_MS = 60_000
const LONGEST_LIST = 6
const intervals = {
  gap: "INTERVAL '60' SECOND",
  term: "INTERVAL '60' MINUTE",
} as const
const intervalsMs = { delay: 5_000, gap: 60_000, term: 3_600_000, skew: 5_000 } as const

const breaks = {
  'at-least-once':
    'the sink writes without a transaction: what is ahead of a checkpoint comes twice',
} as const

/** A job whose state exceeds its memory gives the result of a batch, through rescaling and crashes. */
export const rescale: Claim = {
  name: 'rescale',
  says: 'with more state than memory, rescaled and killed under load, a job writes the same rows as a batch over the same input',
  breaks,
  numbers: {
    seed: { default: 1, least: 1, most: 1_000_000, what: 'chooses who orders what, and how late' },
    orders: {
      ...{ default: 40_000, least: 1_000, most: 200_000 },
      what: `how many; with less than ${ORDERS_FOR_STATE} the state's size is not asked for`,
    },
  },
  settings: () => ({ flinkManagedMemoryMb: MANAGED_MB }),
  only: ['contracts', 'catalog', 'flink-jobmanager', 'flink-taskmanager', 'sql-gateway'],
  prove: async (stack, { broken, numbers, say }) => {
    const { seed = 1, orders = 0 } = numbers
    const { registryUrl, kafkaBrokers: brokers, catalogUrl } = stack.endpoints
    const codec = openCodec(registryUrl, 10_000)
    const kafka = openKafka({ brokers, clientId: 'shoppers' })
    const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
    await producer.connect()
    const written = await countWritten(brokers)
    const engine = await Engine.open({ memoryLimit: '1GB', threads: 1 })
    try {
      const job = new ProvenJob(stack, readJob('shopper-sessions'), {
        ...{ checkpointIntervalMs: CHECKPOINT_MS, intervals },
        ...(broken === 'at-least-once' && { changed: withoutTransactions }),
      })
      const shoppers = await Shoppers.open(producer, codec, randomOf(seed), orders)
      const provoked = await provoke({ stack, job, shoppers, written, say })
      const catalog = new Catalog({ url: catalogUrl, login: ownLogin, timeoutMs: 10_000 })
      const ports = { catalog, storage: fileStorage, engine }
      const sentRecords = shoppers.sent
      const outcome = await settledOutcome({ brokers, codec, ports, sentRecords })
      return verdictOf(provoked, outcome, written.count() - outcome.committed, orders)
    } finally {
      engine.close()
      await written.close()
      await producer.disconnect()
    }
  },
}

function withoutTransactions(script: Script): Script {
  const guarantee = "'sink.delivery-guarantee' = 'exactly-once'"
  const tables = script.tables.map((table) =>
    table.replace(guarantee, guarantee.replace('exactly', 'at-least')),
  )
  if (tables.every((table, at) => table === script.tables[at])) {
    throw new Error('the tables have changed: this proof does not find what it replaces')
  }
  return { ...script, tables }
}

type Outcome = Compared & {
  readonly sent: number
  /** Rows of both topics that are visible to readers of committed data. */
  readonly committed: number
}

type Evidence = {
  readonly brokers: string
  readonly codec: Codec
  readonly ports: LakePorts
  /** The number of records sent to the job. */
  readonly sentRecords: number
}

/**
 * Rows become visible with the next checkpoint. So this waits for the expected number of rows before it compares them:
 * comparing repeatedly would keep the reader from reading.
 */
async function settledOutcome({ brokers, codec, ports, sentRecords }: Evidence): Promise<Outcome> {
  const inputs = await readTopics(brokers, [ordersTopic, paymentsTopic])
  const outputs = await readTopics(brokers, [sessionsTopic, lateTopic])
  try {
    await eventually(() => inputs.records.length >= sentRecords, {
      ...{ timeoutMs: SETTLED_MS, what: 'all that was sent to be read back' },
    })
    const sent = await sentIn(codec, inputs.records)
    const { due } = await compareWithBatch(ports.engine, { sent, found: {} }, intervalsMs)
    const rows = due.sessions + due.late
    const areThere = () => outputs.records.length >= rows
    // Too few rows do not fail here: the comparison names the missing ones.
    await eventually(areThere, { timeoutMs: SETTLED_MS, what: 'the rows' }).catch(() => undefined)
    let gold = await foundInGold(ports)
    const areInGold = async () => {
      gold = await foundInGold(ports)
      return gold.sessions.length + gold.late.length >= rows
    }
    const waiting = { timeoutMs: GOLD_MS, intervalMs: 5_000, what: 'the rows in gold' }
    await eventually(areInGold, waiting).catch(() => undefined)
    const committed = [...outputs.records]
    const found = { topic: await foundInTopics(codec, committed), gold }
    const compared = await compareWithBatch(ports.engine, { sent, found }, intervalsMs)
    return { ...compared, sent: sent.length, committed: committed.length }
  } finally {
    await inputs.close()
    await outputs.close()
  }
}

function verdictOf(
  { kept, ahead }: Provoked,
  { due, differences, sent, committed }: Outcome,
  neverCommitted: number,
  orders: number,
): Verdict {
  const least = Math.min(...kept.map(({ stateMb, managedMb }) => stateMb / managedMb))
  const isStateAsked = orders >= ORDERS_FOR_STATE
  const isLarge = !isStateAsked || least >= LEAST_STATE_FACTOR
  const lines = [
    `${orders} orders, ${sent} records read back: ${due.sessions} sessions and ${due.late} late rows due, ${committed} rows committed in the topics`,
    ...kept.map(({ lines: [size = ''] }) => size),
    `${ahead} rows were ahead of the newest checkpoint at the SIGKILL; ${neverCommitted} rows were written and never committed`,
    ...(isStateAsked ? [] : ["the state's size was not asked for: too few orders"]),
    ...differences.slice(0, LONGEST_LIST).map((line) => `BROKEN   ${line}`),
  ]
  if (differences.length > 0) return { kind: 'refuted', lines }
  if (!isLarge) lines.push(`a state of ${LEAST_STATE_FACTOR} times the memory was wanted`)
  if (ahead === 0) lines.push('there was a checkpoint before every kill')
  return { kind: isLarge && ahead > 0 ? 'holds' : 'undecided', lines }
}
