import {
  type LogPosition,
  logStart,
  type PositionedEvent,
  readCategory,
} from '@tenseams/event-store/read-category'
import { Periodic } from '@tenseams/service/periodic'
import type pg from 'pg'
import type { RepairKind } from './domain/reconciliation.ts'
import type { Provider } from './provider.ts'
import type { ProviderPayment } from './provider-answers.ts'
import { ageOf, type RepairPayment } from './repair.ts'

export type ReconcilerOptions = {
  readonly pool: pg.Pool
  readonly schema: string
  readonly provider: Provider
  readonly repair: RepairPayment
  /** Younger operations may still be under way, and are left alone. */
  readonly graceMs: number
  readonly intervalMs: number
  /** Older operations are not compared after a start. */
  readonly horizonMs: number
  /** How many differences were found, by kind. */
  readonly reconciled: { inc(labels: { readonly kind: RepairKind }): void }
  readonly log: { warn(context: object, message: string): void }
}

const PAGE = 100
const MAX_PAGES = 100

/**
 * Compares the provider's books with ours, and repairs what differs: after a lost answer, after a crash between the
 * provider's answer and our record, after an ignored key. It reads both the provider's changes and our events, because
 * each side may know what the other does not.
 *
 * Nothing younger than the grace period is touched: each side is read up to the first younger entry. An order that is
 * left out because the other side has something younger is compared when that is read. A repair is a call with a key of
 * its own, then a record that is decided like any other, so after a crash anywhere the next round completes it.
 */
export class Reconciler {
  readonly #options: ReconcilerOptions
  #theirs: string | undefined
  #ours: LogPosition = logStart
  readonly #rounds: Periodic<readonly RepairKind[]>

  constructor(options: ReconcilerOptions) {
    this.#options = options
    this.#rounds = new Periodic({
      work: () => this.once(),
      pauseMs: options.intervalMs,
      firstPauseMs: options.intervalMs,
      onError: (error) =>
        options.log.warn({ err: error }, 'reconciliation goes on in its next round'),
    })
  }

  start(): void {
    this.#rounds.start()
  }

  /** Finishes the current order. */
  close(): Promise<void> {
    return this.#rounds.close()
  }

  /**
   * One round over all that has changed since the last one, a bounded number of pages of each side.
   *
   * @returns the kinds of the repairs.
   * @throws StoreUnavailableError, ProviderUnavailableError: the next round begins where this one stopped.
   */
  async once(): Promise<readonly RepairKind[]> {
    const repaired: RepairKind[] = []
    for (let page = 0; page < MAX_PAGES && (await this.#comparePageOfTheirs(repaired)); page += 1);
    for (let page = 0; page < MAX_PAGES && (await this.#comparePageOfOurs(repaired)); page += 1);
    return repaired
  }

  /** A page of the provider's changes. Returns whether there are more. */
  async #comparePageOfTheirs(repaired: RepairKind[]): Promise<boolean> {
    const { provider, graceMs, horizonMs } = this.#options
    const since = new Date(Date.now() - horizonMs)
    const page = await provider.changes({ after: this.#theirs, since, limit: PAGE })
    const old = untilYoung(page.changes, ({ ageMs }) => ageMs < graceMs)
    const byReference = Map.groupBy(page.payments, ({ reference }) => reference)
    await this.#repairAll(new Set(old.map(({ reference }) => reference)), byReference, repaired)
    this.#theirs = old.at(-1)?.cursor ?? this.#theirs
    return old.length === PAGE && !this.#rounds.signal.aborted
  }

  /** A page of our events. Returns whether there are more. */
  async #comparePageOfOurs(repaired: RepairKind[]): Promise<boolean> {
    const { pool, schema, provider, graceMs, horizonMs } = this.#options
    const page = await readCategory(pool, schema, { after: this.#ours, limit: PAGE })
    const old = untilYoung(page, ({ recordedAt }) => ageOf(recordedAt) < graceMs)
    const compared = old.filter(
      (event) => isAboutMoney(event) && ageOf(event.recordedAt) < horizonMs,
    )
    const references = new Set(compared.map(({ streamId }) => streamId))
    const payments = await provider.paymentsOf([...references])
    const byReference = Map.groupBy(payments, ({ reference }) => reference)
    await this.#repairAll(references, byReference, repaired)
    this.#ours = old.at(-1)?.logPosition ?? this.#ours
    return old.length === PAGE && !this.#rounds.signal.aborted
  }

  async #repairAll(
    references: ReadonlySet<string>,
    payments: ReadonlyMap<string, readonly ProviderPayment[]>,
    repaired: RepairKind[],
  ): Promise<void> {
    const { repair, graceMs, reconciled, log } = this.#options
    for (const reference of references) {
      const listed = payments.get(reference) ?? []
      const isYoung = listed.some(({ operations }) =>
        operations.some(({ ageMs }) => ageMs < graceMs),
      )
      if (isYoung) continue
      try {
        for await (const kind of repair(reference, listed)) {
          reconciled.inc({ kind })
          repaired.push(kind)
          log.warn({ orderId: reference, kind }, 'the provider’s books and ours differed')
        }
      } catch (error) {
        if (isRetriable(error)) throw error
        // One order that cannot be repaired must not block the others.
        log.warn({ orderId: reference, err: error }, 'an order’s payment cannot be reconciled')
      }
    }
  }
}

function untilYoung<Item>(
  items: readonly Item[],
  isYoung: (item: Item) => boolean,
): readonly Item[] {
  const first = items.findIndex(isYoung)
  return first === -1 ? items : items.slice(0, first)
}

const isAboutMoney = ({ type }: PositionedEvent): boolean => type !== 'PaymentDeclined'

function isRetriable(error: unknown): boolean {
  return error instanceof Error && 'retriable' in error && error.retriable === true
}
