import type { OpenProducer, OpenTransaction } from '@tenseams/kafka/transactions/open-transactions'
import type { Plan } from './plan.ts'

/** What ends a transaction: packages/kafka, or a test. */
export type Ending = {
  readonly end: (transaction: KnownTransaction['transaction']) => Promise<void>
  readonly abort: (producer: OpenProducer) => Promise<void>
}

type KnownTransaction = Extract<OpenTransaction, { readonly kind: 'known' }>

/** What is to be ended: by its transactional id, or the one that hangs in a partition. */
export type Chosen =
  | { readonly transactionalId: string }
  | { readonly topic: string; readonly partition: number }

/** A line for each open transaction, and one for each partition in which readers wait for it. */
export function transactionLines(open: readonly OpenTransaction[]): readonly string[] {
  return open.flatMap((one) => [headOf(one), ...producersOf(one).map(partitionText)])
}

function headOf(one: OpenTransaction): string {
  const age = `open for ${secondsOf(one.ageMs)}`
  if (one.kind === 'hanging') {
    return `producer ${one.producer.producerId}  hanging: its coordinator does not know it, so no timeout ends it; last record ${secondsOf(one.ageMs)} ago`
  }
  const { transactionalId, state, timeoutMs } = one.transaction
  return `${transactionalId}  ${state}, ${age}; its timeout is ${secondsOf(timeoutMs)}`
}

const producersOf = (one: OpenTransaction): readonly OpenProducer[] =>
  one.kind === 'hanging' ? [one.producer] : one.producers

const partitionText = ({ topic, partition, firstOffset }: OpenProducer) =>
  `  ${topic} ${partition}: readers of committed data wait at offset ${firstOffset}`

const secondsOf = (ms: number) => `${Math.round(ms / 1_000)} s`

/**
 * Ends what was chosen. One that is younger than `leastMs` is taken to be at work, and one that is being committed is not ended:
 * both are refused.
 */
export function planAbort(
  open: readonly OpenTransaction[],
  chosen: Chosen,
  { leastMs, end, abort }: Ending & { readonly leastMs: number },
): Plan {
  const mine = open.filter((one) => isChosen(one, chosen))
  const found = mine.length === 0 ? ['no such transaction is open'] : transactionLines(mine)
  const young = mine.find(({ ageMs }) => ageMs < leastMs)
  const deciding = mine.find((one) => one.kind === 'known' && one.transaction.state !== 'Ongoing')
  return {
    found,
    refused: young ? tooYoung(young, leastMs) : deciding && beingDecided,
    steps: mine.map((one) => ({
      says: stepText(one),
      act: async () => {
        await (one.kind === 'known' ? end(one.transaction) : abort(one.producer))
        return undefined
      },
    })),
  }
}

function isChosen(one: OpenTransaction, chosen: Chosen): boolean {
  if ('transactionalId' in chosen) {
    return one.kind === 'known' && one.transaction.transactionalId === chosen.transactionalId
  }
  if (one.kind !== 'hanging') return false
  return one.producer.topic === chosen.topic && one.producer.partition === chosen.partition
}

function stepText(one: OpenTransaction): string {
  if (one.kind === 'hanging') {
    const { topic, partition, firstOffset } = one.producer
    return `abort the transaction that hangs in ${topic} ${partition} from offset ${firstOffset}, by a marker`
  }
  return `abort the transaction of ${one.transaction.transactionalId} at its coordinator; its writer is fenced, and a restart of it writes the same again. A Flink job that is restoring would lose its rows`
}

const tooYoung = ({ ageMs }: OpenTransaction, leastMs: number) =>
  `it is open for ${secondsOf(ageMs)} only, so its writer may be at work; --older-than ${Math.floor(ageMs / 1_000)} aborts it nevertheless (the least is ${secondsOf(leastMs)})`

const beingDecided =
  'its end is decided, and its coordinator has to write it: look at the broker, `npm run stack -- logs kafka`'
