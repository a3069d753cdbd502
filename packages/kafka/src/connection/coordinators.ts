import { changeKafkajs } from './change-kafkajs.ts'

/** What transactions need of a broker, as kafkajs has it. */
type Broker = Record<Step, (request: object) => Promise<unknown>> & { isConnected(): boolean }

type Wanted = { readonly groupId: string; readonly coordinatorType?: number }

/** kafkajs's view of the brokers. Each producer, consumer and admin client has its own. */
type Cluster = { findGroupCoordinator(wanted: Wanted): Promise<Broker> }

const steps = [
  'initProducerId',
  'addPartitionsToTxn',
  'addOffsetsToTxn',
  'txnOffsetCommit',
  'endTxn',
] as const

type Step = (typeof steps)[number]

const TRANSACTION = 1

/**
 * Lets a transactional producer keep its coordinators, the transaction's and the group's. kafkajs 2.2.4 asks who they are
 * before each step of a transaction (producer/eosManager/index.js): four of nine requests.
 *
 * A coordinator is asked for again when a request to it has failed, whatever the error was, or its connection is closed. So a
 * kept one is never used after the broker has said that it is not the coordinator any more, and the first error meets the same
 * callers as without this. One error is none of the coordinator's: while it still writes the markers of the last transaction it
 * sends the next one away, which then tries again, at the same broker. Consumers keep the coordinator of their group themselves.
 */
export function keepCoordinators(): void {
  changeKafkajs('cluster', 'keeps-coordinators', keepThem)
}

function keepThem({ prototype }: { readonly prototype: Cluster }): void {
  const find = prototype.findGroupCoordinator
  const kept = new WeakMap<Cluster, Map<string, Broker>>()
  prototype.findGroupCoordinator = async function (this: Cluster, wanted: Wanted) {
    if (wanted.coordinatorType === TRANSACTION && !kept.has(this)) kept.set(this, new Map())
    const ofProducer = kept.get(this)
    if (ofProducer === undefined) return find.call(this, wanted)
    const key = `${wanted.coordinatorType} ${wanted.groupId}`
    const known = ofProducer.get(key)
    if (known?.isConnected()) return known
    const coordinator = forgottenOnError(await find.call(this, wanted), () => {
      ofProducer.delete(key)
    })
    ofProducer.set(key, coordinator)
    return coordinator
  }
}

/** The same broker, which tells of each step that fails. */
function forgottenOnError(broker: Broker, onError: () => void): Broker {
  const telling: Broker = Object.create(broker)
  for (const step of steps) {
    telling[step] = async (request) => {
      try {
        return await broker[step](request)
      } catch (error) {
        if (!isStillWritingMarkers(error)) onError()
        throw error
      }
    }
  }
  return telling
}

const isStillWritingMarkers = (error: unknown): boolean =>
  (error as { readonly type?: unknown }).type === 'CONCURRENT_TRANSACTIONS'
