import {
  type PlacedEvent,
  type ReadingPlace,
  readCategory,
  theBeginning,
} from '@tenseams/event-store/read-category'
import { Periodic } from '@tenseams/service/periodic'
import type pg from 'pg'
import type { MendingKind } from './domain/reconciliation.ts'
import { ageOf, type Mender } from './mender.ts'
import type { Provider } from './provider.ts'
import type { ProviderPayment } from './provider-answers.ts'

export type ReconcilerOptions = {
  readonly pool: pg.Pool
  readonly schema: string
  readonly provider: Provider
  readonly mend: Mender
  /** Whatever happened in this time may still be under way, and is left alone. */
  readonly graceMs: number
  readonly intervalMs: number
  /** What happened longer ago is not looked at after a start. */
  readonly horizonMs: number
  /** How many differences were mended, by kind. */
  readonly reconciled: { inc(labels: { readonly kind: MendingKind }): void }
  readonly log: { warn(context: object, message: string): void }
}

const PAGE = 100
const MAX_PAGES = 100

/**
 * Compares the provider's books with ours, and mends what differs: the money of a lost answer, of a crash between the
 * provider's answer and our record, of an ignored key. It goes from both sides, since each may know what the other does
 * not: over the provider's changes, and over our events.
 *
 * What is younger than the grace period is not touched; each side is read up to the first such place. An order that is
 * passed over because the other side has something younger comes again when that is read. Mending is calls with keys of
 * their own, then a record that is decided like any other, so a crash anywhere is made good by the next look.
 */
export class Reconciler {
  readonly #options: ReconcilerOptions
  #theirs: string | undefined
  #ours: ReadingPlace = theBeginning
  readonly #looks: Periodic<readonly MendingKind[]>

  constructor(options: ReconcilerOptions) {
    this.#options = options
    this.#looks = new Periodic({
      work: () => this.once(),
      pauseMs: options.intervalMs,
      firstPauseMs: options.intervalMs,
      onError: (error) =>
        options.log.warn({ err: error }, 'reconciliation goes on at its next look'),
    })
  }

  start(): void {
    this.#looks.start()
  }

  /** Finishes the order in hand. */
  close(): Promise<void> {
    return this.#looks.close()
  }

  /**
   * One look at all that has changed since the last, a bounded number of pages of each side.
   *
   * @returns what was mended.
   * @throws StoreUnavailableError, ProviderUnavailableError: the next look begins where this one stopped.
   */
  async once(): Promise<readonly MendingKind[]> {
    const mended: MendingKind[] = []
    for (let page = 0; page < MAX_PAGES && (await this.#lookThere(mended)); page += 1);
    for (let page = 0; page < MAX_PAGES && (await this.#lookHere(mended)); page += 1);
    return mended
  }

  /** A page of the provider's changes. Returns whether there is more to look at. */
  async #lookThere(mended: MendingKind[]): Promise<boolean> {
    const { provider, graceMs, horizonMs } = this.#options
    const since = new Date(Date.now() - horizonMs)
    const page = await provider.changes({ after: this.#theirs, since, limit: PAGE })
    const old = untilYoung(page.changes, ({ ageMs }) => ageMs < graceMs)
    const byReference = Map.groupBy(page.payments, ({ reference }) => reference)
    await this.#mendAll(new Set(old.map(({ reference }) => reference)), byReference, mended)
    this.#theirs = old.at(-1)?.place ?? this.#theirs
    return old.length === PAGE && !this.#looks.signal.aborted
  }

  /** A page of our events. */
  async #lookHere(mended: MendingKind[]): Promise<boolean> {
    const { pool, schema, provider, graceMs, horizonMs } = this.#options
    const page = await readCategory(pool, schema, { after: this.#ours, limit: PAGE })
    const old = untilYoung(page, ({ recordedAt }) => ageOf(recordedAt) < graceMs)
    const looked = old.filter((event) => isAboutMoney(event) && ageOf(event.recordedAt) < horizonMs)
    const references = new Set(looked.map(({ streamId }) => streamId))
    const payments = await provider.paymentsOf([...references])
    const byReference = Map.groupBy(payments, ({ reference }) => reference)
    await this.#mendAll(references, byReference, mended)
    this.#ours = old.at(-1)?.place ?? this.#ours
    return old.length === PAGE && !this.#looks.signal.aborted
  }

  async #mendAll(
    references: ReadonlySet<string>,
    payments: ReadonlyMap<string, readonly ProviderPayment[]>,
    mended: MendingKind[],
  ): Promise<void> {
    const { mend, graceMs, reconciled, log } = this.#options
    for (const reference of references) {
      const listed = payments.get(reference) ?? []
      const isYoung = listed.some(({ operations }) =>
        operations.some(({ ageMs }) => ageMs < graceMs),
      )
      if (isYoung) continue
      try {
        for await (const kind of mend(reference, listed)) {
          reconciled.inc({ kind })
          mended.push(kind)
          log.warn({ orderId: reference, kind }, 'the provider’s books and ours differed')
        }
      } catch (error) {
        if (isRetriable(error)) throw error
        // One order that cannot be mended must not keep the others from it.
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

const isAboutMoney = ({ type }: PlacedEvent): boolean => type !== 'PaymentDeclined'

function isRetriable(error: unknown): boolean {
  return error instanceof Error && 'retriable' in error && error.retriable === true
}
