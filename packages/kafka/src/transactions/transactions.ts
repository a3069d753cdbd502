import { setTimeout as delay } from 'node:timers/promises'
import {
  type Connection,
  createAPI,
  describeProducersV0,
  describeTransactionsV0,
  findCoordinatorV4,
  initProducerIdV4,
  listTransactionsV1,
  metadataV12,
  type Reader,
  Writer,
} from '@platformatic/kafka'
import { protocolErrorsIn, type RawAccess, withConnection } from '../access/raw-connection.ts'
import {
  type DescribedTransaction,
  type OpenProducer,
  type OpenTransaction,
  openTransactionsIn,
} from './open-transactions.ts'

/** Kafka refuses to list transactions, or to end one. */
export class TransactionError extends Error {
  readonly code = 'TRANSACTION'
  readonly retriable = false
}

const UNDECIDED = ['Ongoing', 'PrepareCommit', 'PrepareAbort'] as const
const ANY_DURATION = -1n
const TRANSACTION_COORDINATOR = 1

/**
 * Every transaction that is not decided, of the topics and transactional ids that the user may see: as its coordinator knows it,
 * and as it stands in partitions. kafkajs has none of these requests.
 *
 * @throws UnreachableError; TransactionError with Kafka's reason
 */
export async function openTransactions(access: RawAccess): Promise<readonly OpenTransaction[]> {
  try {
    return await readOpen(access)
  } catch (cause) {
    const names = protocolErrorsIn(cause)
    if (names.length === 0) throw cause
    const why = names.join(', ')
    throw new TransactionError(`Kafka does not list transactions: ${why}`, { cause })
  }
}

async function readOpen(access: RawAccess): Promise<readonly OpenTransaction[]> {
  const { brokers, topics } = await withConnection(access, (connection) =>
    metadataV12.api.async(connection, null, false, false),
  )
  const at = brokers.map(({ nodeId, host, port }) => ({ nodeId, broker: `${host}:${port}` }))
  const described: DescribedTransaction[] = []
  for (const { broker } of at) {
    described.push(...(await withConnection({ ...access, brokers: broker }, describe)))
  }
  const producers: OpenProducer[] = []
  for (const { nodeId, broker } of at) {
    const led = topics.flatMap(({ name, partitions, isInternal }) => {
      const own = partitions.filter(({ leaderId }) => leaderId === nodeId)
      if (typeof name !== 'string' || isInternal || own.length === 0) return []
      return [{ name, partitionIndexes: own.map(({ partitionIndex }) => partitionIndex) }]
    })
    const ask = (connection: Connection) => producersOf(connection, led)
    producers.push(...(await withConnection({ ...access, brokers: broker }, ask)))
  }
  return openTransactionsIn(described, producers, Date.now())
}

/** The undecided transactions whose coordinator this broker is. */
async function describe(connection: Connection): Promise<readonly DescribedTransaction[]> {
  const listed = await listTransactionsV1.api.async(
    connection,
    [...UNDECIDED],
    [],
    ANY_DURATION,
    '',
  )
  const ids = listed.transactionStates.map(({ transactionalId }) => transactionalId)
  if (ids.length === 0) return []
  const { transactionStates } = await describeTransactionsV0.api.async(connection, ids)
  return transactionStates
    .filter(({ transactionState }) => UNDECIDED.some((state) => state === transactionState))
    .map((found) => ({
      transactionalId: found.transactionalId,
      state: found.transactionState,
      producerId: found.producerId,
      timeoutMs: found.transactionTimeoutMs,
      startedAtMs: Number(found.transactionStartTimeMs),
      partitions: found.topics.flatMap(({ topic, partitions }) =>
        partitions.map((partition) => ({ topic, partition })),
      ),
    }))
}

/** The producers with an undecided transaction in partitions that this broker leads. Topics that the user may not read are left out. */
async function producersOf(
  connection: Connection,
  topics: { name: string; partitionIndexes: number[] }[],
): Promise<readonly OpenProducer[]> {
  if (topics.length === 0) return []
  const answer = await describeProducersV0.api.async(connection, topics).catch((error: unknown) => {
    const isPartial = protocolErrorsIn(error).every((name) => name.includes('AUTHORIZATION'))
    if (isPartial && error instanceof Error && 'response' in error) {
      return error.response as Awaited<ReturnType<typeof describeProducersV0.api.async>>
    }
    throw error
  })
  return answer.topics.flatMap(({ name: topic, partitions }) =>
    partitions.flatMap(({ partitionIndex: partition, activeProducers }) =>
      activeProducers
        .filter(({ currentTxnStartOffset }) => currentTxnStartOffset >= 0n)
        .map((found) => ({
          ...{ topic, partition, producerId: found.producerId },
          producerEpoch: found.producerEpoch,
          coordinatorEpoch: Math.max(found.coordinatorEpoch, 0),
          firstOffset: found.currentTxnStartOffset,
          lastWrittenAtMs: Number(found.lastTimestamp),
        })),
    ),
  )
}

const TRIES = 40
const PAUSE_MS = 250

/**
 * Ends the open transaction of a transactional id, as its next owner would: its coordinator aborts it, and fences the writer, whose
 * next request fails. Idempotent; nothing else changes, not even the timeout.
 *
 * @throws TransactionError when Kafka refuses, or does not end it in ten seconds; UnreachableError
 */
export async function endTransaction(
  access: RawAccess,
  { transactionalId, timeoutMs }: Pick<DescribedTransaction, 'transactionalId' | 'timeoutMs'>,
): Promise<void> {
  const { coordinators } = await withConnection(access, (connection) =>
    findCoordinatorV4.api.async(connection, TRANSACTION_COORDINATOR, [transactionalId]),
  )
  const [coordinator] = coordinators
  if (coordinator === undefined) throw new TransactionError(`${transactionalId}: no coordinator`)
  const { host, port } = coordinator
  await withConnection({ ...access, brokers: `${host}:${port}` }, async (connection) => {
    for (let tried = 1; ; tried += 1) {
      try {
        await initProducerIdV4.api.async(connection, transactionalId, timeoutMs)
        return
      } catch (error) {
        const names = protocolErrorsIn(error)
        // The abort is under way.
        const isUnderWay = names.includes('CONCURRENT_TRANSACTIONS')
        if (!isUnderWay || tried >= TRIES) throw notEnded(transactionalId, names, error)
      }
      await delay(PAUSE_MS)
    }
  })
}

/**
 * Aborts a transaction that hangs, by a marker in its partition. Needs the right to alter the cluster. Never for one that its
 * coordinator knows: half of it could then be committed.
 *
 * @throws TransactionError when Kafka refuses; UnreachableError
 */
export async function abortHanging(access: RawAccess, producer: OpenProducer): Promise<void> {
  const { topic, partition } = producer
  const { brokers, topics } = await withConnection(access, (connection) =>
    metadataV12.api.async(connection, [topic], false, false),
  )
  const leaderId = topics[0]?.partitions.find((one) => one.partitionIndex === partition)?.leaderId
  const leader = brokers.find(({ nodeId }) => nodeId === leaderId)
  if (leader === undefined) throw new TransactionError(`${topic}-${partition} has no leader now`)
  const at = { ...access, brokers: `${leader.host}:${leader.port}` }
  const errorCode = await withConnection(at, (connection) =>
    writeTxnMarkersV1.async(connection, producer),
  )
  if (errorCode !== 0) {
    throw new TransactionError(
      errorCode === CLUSTER_AUTHORIZATION_FAILED
        ? 'Kafka refuses: to abort a transaction in a partition is for the admin. Use --credentials with its file'
        : `Kafka refuses, with error ${errorCode}`,
    )
  }
}

const CLUSTER_AUTHORIZATION_FAILED = 31
const WRITE_TXN_MARKERS = 27

/** Not among the client's requests. Answers with the error of the partition. */
const writeTxnMarkersV1 = createAPI<[producer: OpenProducer], number>(
  WRITE_TXN_MARKERS,
  1,
  abortMarker,
  errorIn,
)

export function abortMarker(producer: OpenProducer): Writer {
  const { producerId, producerEpoch, coordinatorEpoch, topic, partition } = producer
  const isCommit = false
  return Writer.create()
    .appendArray([producer], (marker) => {
      marker
        .appendInt64(producerId)
        .appendInt16(producerEpoch)
        .appendBoolean(isCommit)
        .appendArray([topic], (each, name) => {
          each.appendString(name)
          each.appendArray([partition], (one, index) => one.appendInt32(index), true, false)
        })
        .appendInt32(coordinatorEpoch)
    })
    .appendTaggedFields()
}

function errorIn(_correlationId: number, _key: number, _version: number, reader: Reader): number {
  const markers = reader.readArray((marker) => {
    marker.readInt64()
    return marker.readArray((topic) => {
      topic.readString()
      return topic.readArray((partition) => {
        partition.readInt32()
        return partition.readInt16()
      })
    })
  })
  return markers.flat(2).find((errorCode) => errorCode !== 0) ?? 0
}

function notEnded(transactionalId: string, names: readonly string[], cause: unknown): Error {
  const why = names.some((name) => name.endsWith('AUTHORIZATION_FAILED'))
    ? 'Kafka refuses: the user may not write with this id; use --credentials with the file of one that may'
    : `Kafka does not end it (${names.join(', ') || 'no answer'})`
  return new TransactionError(`${transactionalId}: ${why}`, { cause })
}
