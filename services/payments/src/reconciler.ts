import { StoreUnavailableError } from '@tenseams/event-store/errors'
import type { CategoryReading, PositionedEvent } from '@tenseams/event-store/read-category'
import type { ProviderPayment } from '@tenseams/provider/answers'
import type { Provider } from '@tenseams/provider/client'
import { faultOf } from '@tenseams/service/fault'
import { Periodic } from '@tenseams/service/periodic'
import type { Log } from '@tenseams/telemetry/log'
import { ageOf } from './ages.ts'
import type { FindAgreeing } from './agreeing.ts'
import type { RepairKind } from './domain/reconciliation.ts'
import { Grace } from './grace.ts'
import type { Progress } from './reconciler-progress.ts'
import type { RepairPayment } from './repair.ts'

export type ReconcilerOptions = {
  readonly provider: Pick<Provider, 'changes' | 'paymentsOf'>
  /** Our events, in an order in which nothing is added before a reader's position. */
  readonly readOurs: (reading: CategoryReading) => Promise<readonly PositionedEvent[]>
  readonly progress: Progress
  /** Looks through many orders at once, so that only the others are compared one by one. */
  readonly agreeing: FindAgreeing
  readonly repair: RepairPayment
  /** Younger operations may still be under way, and are left alone. */
  readonly graceMs: number
  readonly intervalMs: number
  /** What was older when the first comparison began is not compared. */
  readonly horizonMs: number
  /** How many differences were found, by kind. */
  readonly reconciled: { inc(labels: { readonly kind: RepairKind }): void }
  readonly log: Pick<Log, 'warn'>
}

const PAGE = 100
const MAX_PAGES = 100
/** Of the orders without an answer, per round, so that they do not keep the rest from being compared. */
const MAX_TRIES = 20

/**
 * Compares the provider's books with ours, and repairs what differs: after a lost answer, after a crash between the
 * provider's answer and our record, after an ignored key. It reads both the provider's changes and our events, because
 * each side may know what the other does not.
 *
 * Nothing younger than the grace period is touched: each side is read up to the first younger entry, where one that is
 * dated ahead is waited for from when it is first seen (grace.ts). An order that is
 * left out because the other side has something younger is compared when that is read. A repair is a call with a key of
 * its own, then a record that is decided like any other, so after a crash anywhere the next round completes it.
 *
 * How far it has compared is stored after each page. An order about which nobody gives an answer is stored as unsettled
 * and passed, so it holds up no other, and is tried again in every round.
 */
export class Reconciler {
  readonly #options: ReconcilerOptions
  readonly #grace: Grace
  readonly #rounds: Periodic<readonly RepairKind[]>

  constructor(options: ReconcilerOptions) {
    this.#options = options
    this.#grace = new Grace(options.graceMs)
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

  /** Finishes the step under way. Its order, and those after it, are compared after the next start. */
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
    await this.#compareUnsettled(repaired)
    for (let page = 0; page < MAX_PAGES && (await this.#comparePageOfTheirs(repaired)); page += 1);
    for (let page = 0; page < MAX_PAGES && (await this.#comparePageOfOurs(repaired)); page += 1);
    return repaired
  }

  get #isStopping(): boolean {
    return this.#rounds.signal.aborted
  }

  async #compareUnsettled(repaired: RepairKind[]): Promise<void> {
    const { progress, provider } = this.#options
    const references = await progress.unsettled(MAX_TRIES)
    if (references.length === 0) return
    const payments = await provider.paymentsOf(references)
    const byReference = Map.groupBy(payments, ({ reference }) => reference)
    for (const reference of references) {
      if (this.#isStopping) return
      const isSettled = await this.#compare(reference, byReference.get(reference) ?? [], repaired)
      if (isSettled) await progress.settle(reference)
    }
  }

  /** A page of the provider's changes. Returns whether there are more. */
  async #comparePageOfTheirs(repaired: RepairKind[]): Promise<boolean> {
    const { provider, progress, horizonMs } = this.#options
    const { begunAt, theirs, ours } = await progress.read()
    const since = new Date(begunAt.getTime() - horizonMs)
    const page = await provider.changes({ after: theirs, since, limit: PAGE })
    const old = untilYoung(page.changes, ({ cursor, ageMs }) =>
      this.#grace.isYoung(`change ${cursor}`, ageMs),
    )
    const last = old.at(-1)
    if (last === undefined) return false
    const byReference = Map.groupBy(page.payments, ({ reference }) => reference)
    const references = new Set(old.map(({ reference }) => reference))
    if (!(await this.#compareAll(references, byReference, repaired))) return false
    await progress.write({ theirs: last.cursor, ours })
    return old.length === PAGE
  }

  /** A page of our events. Returns whether there are more. */
  async #comparePageOfOurs(repaired: RepairKind[]): Promise<boolean> {
    const { readOurs, progress, provider, horizonMs } = this.#options
    const { begunAt, theirs, ours } = await progress.read()
    const since = begunAt.getTime() - horizonMs
    const page = await readOurs({ after: ours, limit: PAGE })
    const old = untilYoung(page, ({ eventId, recordedAt }) =>
      this.#grace.isYoung(`event ${eventId}`, ageOf(recordedAt)),
    )
    const last = old.at(-1)
    if (last === undefined) return false
    const compared = old.filter(
      (event) => isAboutMoney(event) && event.recordedAt.getTime() >= since,
    )
    const references = new Set(compared.map(({ streamId }) => streamId))
    const payments = await provider.paymentsOf([...references])
    const byReference = Map.groupBy(payments, ({ reference }) => reference)
    if (!(await this.#compareAll(references, byReference, repaired))) return false
    await progress.write({ theirs, ours: last.logPosition })
    return old.length === PAGE
  }

  /** False when it was stopped before the last of them. */
  async #compareAll(
    references: ReadonlySet<string>,
    payments: ReadonlyMap<string, readonly ProviderPayment[]>,
    repaired: RepairKind[],
  ): Promise<boolean> {
    const { agreeing, progress } = this.#options
    const listed = new Map([...references].map((each) => [each, payments.get(each) ?? []] as const))
    const old = [...listed].filter(([, each]) => this.#youngOf(each).length === 0)
    const agreed = await agreeing(new Map(old))
    for (const [reference, each] of listed) {
      if (this.#isStopping) return false
      if (agreed.has(reference)) continue
      const isSettled = await this.#compare(reference, each, repaired)
      if (!isSettled) await progress.addUnsettled(reference)
    }
    return !this.#isStopping
  }

  #youngOf(listed: readonly ProviderPayment[]) {
    return listed
      .flatMap(({ operations }) => operations)
      .filter(({ operationId, ageMs }) => this.#grace.isYoung(`operation ${operationId}`, ageMs))
  }

  /** Returns whether there was an answer, be it that the order cannot be repaired. */
  async #compare(
    reference: string,
    listed: readonly ProviderPayment[],
    repaired: RepairKind[],
  ): Promise<boolean> {
    const { repair, reconciled, log } = this.#options
    const young = this.#youngOf(listed)
    // What is young by its age is read later, and compared then; what is dated ahead has been read already.
    if (young.length > 0) return young.every(({ ageMs }) => ageMs >= 0)
    try {
      for await (const kind of repair(reference, listed)) {
        reconciled.inc({ kind })
        repaired.push(kind)
        log.warn({ orderId: reference, kind }, 'the provider’s books and ours differed')
        if (this.#isStopping) return false
      }
      return true
    } catch (error) {
      log.warn({ orderId: reference, err: error }, 'an order’s payment cannot be reconciled')
      // One order must not block the others. Without Postgres, nothing could be remembered of it.
      if (error instanceof StoreUnavailableError) throw error
      return faultOf(error) !== 'outage'
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
