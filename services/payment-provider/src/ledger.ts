import { StoreUnavailableError, unavailable } from '@tenseams/event-store/errors'
import { CallBatches } from '@tenseams/service/call-batches'
import type pg from 'pg'
import {
  type NewOperation,
  type Operated,
  type Operating,
  planRound,
  type Recorded,
  roundsOf,
} from './ledger-plan.ts'
import {
  insertOperations,
  insertPayments,
  lockPayments,
  type NewPayment,
  readKeys,
  readPaymentsOf,
} from './ledger-rows.ts'

type Beginning = { readonly payment: NewPayment; readonly operation: NewOperation }

const bounds = {
  ...{ maxUnderWay: 2, maxBatch: 64, maxQueued: 1_000 },
  concernsAll: (error: unknown) => error instanceof StoreUnavailableError,
  onFull: () => new StoreUnavailableError('too many requests wait for the ledger'),
}

/**
 * The provider's ledger. Requests that come while a commit is under way share the next one. When Postgres refuses one of
 * them, each of its batch is tried alone.
 */
export class Ledger {
  readonly #beginnings: CallBatches<Beginning, Recorded>
  readonly #operations: CallBatches<Operating, Operated>

  constructor(pool: pg.Pool) {
    this.#beginnings = new CallBatches({ ...bounds, handle: (asked) => beginAll(pool, asked) })
    this.#operations = new CallBatches({ ...bounds, handle: (asked) => operateAll(pool, asked) })
  }

  /**
   * Inserts a payment unless its key exists already, and returns the ledger's row of the key. Of two concurrent requests
   * with one key the second waits for the first and sees its row.
   */
  begin(payment: NewPayment, operation: NewOperation): Promise<Recorded> {
    return this.#beginnings.answer({ payment, operation })
  }

  /**
   * Adds an operation to a payment, or returns what its key did the first time. Operations of one payment run one after
   * another, so the decision is made on what is written.
   */
  operate(operating: Operating): Promise<Operated> {
    return this.#operations.answer(operating)
  }
}

async function beginAll(
  pool: pg.Pool,
  asked: readonly Beginning[],
): Promise<readonly (Recorded | Error)[]> {
  try {
    const byKey = await insertPayments(pool, asked)
    return asked.map(({ operation }) => recordedFor(byKey, operation.idempotencyKey))
  } catch (error) {
    throw unavailable(error)
  }
}

async function operateAll(
  pool: pg.Pool,
  asked: readonly Operating[],
): Promise<readonly (Operated | Error)[]> {
  try {
    const client = await pool.connect()
    try {
      await client.query('begin')
      await lockPayments(
        client,
        asked.map(({ paymentId }) => paymentId),
      )
      const answers = new Map<Operating, Operated | Error>()
      for (const round of roundsOf(asked)) {
        const operated = await operateRound(client, round)
        for (const [index, operating] of round.entries()) {
          const answer = operated[index]
          if (answer !== undefined) answers.set(operating, answer)
        }
      }
      await client.query('commit')
      client.release()
      return asked.map((operating) => answers.get(operating) ?? new Error('no answer'))
    } catch (error) {
      // The transaction's outcome is unknown; closing the connection rolls back what was not committed.
      client.release(true)
      throw error
    }
  } catch (error) {
    throw unavailable(error)
  }
}

async function operateRound(
  client: pg.PoolClient,
  round: readonly Operating[],
): Promise<readonly (Operated | Error)[]> {
  const keys = round.map(({ idempotencyKey }) => idempotencyKey)
  const paymentIds = round.map(({ paymentId }) => paymentId)
  const known = {
    byKey: await readKeys(client, keys),
    payments: await readPaymentsOf(client, paymentIds),
  }
  const planned = planRound(round, known)
  const operations = planned.flatMap((one) => (one.kind === 'write' ? [one.operation] : []))
  // A request with the same key for another payment may have been first.
  const written = operations.length === 0 ? known.byKey : await insertOperations(client, operations)
  return planned.map((one) => {
    if (one.kind !== 'write') return one
    const recorded = recordedFor(written, one.operation.idempotencyKey)
    return recorded instanceof Error ? recorded : { kind: 'recorded', recorded }
  })
}

function recordedFor(byKey: ReadonlyMap<string, Recorded>, key: string): Recorded | Error {
  return byKey.get(key) ?? new Error(`key ${key} is missing`)
}
