import { randomUUID } from 'node:crypto'
import {
  committedOffset,
  fencingTakeover,
  openProducer,
  type TakeOver,
  type TakeoverOptions,
  type TransactionalProducer,
  transactionalIdOf,
} from '@tenseams/kafka/ownership'
import { discard, durableProducer } from '@tenseams/kafka/producer'

export const missingGuards = [
  'no-transaction',
  'shared-transactional-id',
  'no-fence-reread',
] as const

/**
 * Only for proofs, which must then fail: the takeover of a partition, each time without one of the things that make it
 * safe. The names are those of `npm run prove -- eos --break=…`.
 */
export const takeoversWithout = {
  'no-transaction': sendOutside,
  'shared-transactional-id': withIdOfProcess,
  'no-fence-reread': readBeforeFence,
} as const satisfies Readonly<
  Record<(typeof missingGuards)[number], (options: TakeoverOptions) => TakeOver>
>

/** Output is sent at once, by an idempotent producer; only its offsets are a transaction, afterwards. */
function sendOutside(options: TakeoverOptions): TakeOver {
  const takeOver = fencingTakeover(options)
  return async (place) => {
    const { producer, committed } = await takeOver(place)
    const outside = options.kafka.producer(durableProducer)
    await outside.connect()
    const sending: TransactionalProducer = {
      transaction: async () => ({
        ...(await producer.transaction()),
        send: (record) => outside.send(record),
      }),
      disconnect: async () => {
        await discard(outside)
        await producer.disconnect()
      },
    }
    return { producer: sending, committed }
  }
}

/** The transactional id has the process in it, so a new owner of the partition fences nobody. */
function withIdOfProcess(options: TakeoverOptions): TakeOver {
  const processId = randomUUID()
  return async (place) => {
    const producer = await openProducer(options, `${transactionalIdOf(place)}-${processId}`)
    const fence = await producer.transaction()
    await options.onHalfTaken?.(place)
    const committed = await committedOffset(options.kafka, place)
    await fence.abort()
    return { producer, committed }
  }
}

/** What the old owner commits between the reading and the fence is done again. */
function readBeforeFence(options: TakeoverOptions): TakeOver {
  return async (place) => {
    const committed = await committedOffset(options.kafka, place)
    await options.onHalfTaken?.(place)
    const producer = await openProducer(options, transactionalIdOf(place))
    const fence = await producer.transaction()
    await fence.abort()
    return { producer, committed }
  }
}
