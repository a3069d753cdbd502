import {
  type LogPosition,
  logStart,
  type PositionedEvent,
} from '@tenseams/event-store/read-category'
import { ProviderUnavailableError } from '@tenseams/provider/errors'
import { describe, expect, test, vi } from 'vitest'
import type { RepairKind } from './domain/reconciliation.ts'
import { Reconciler, type ReconcilerOptions } from './reconciler.ts'
import type { Compared, Progress } from './reconciler-progress.ts'

const HOUR_MS = 3_600_000

/** Progress that outlives a reconciler, as Postgres keeps it. */
function keptProgress(): Progress & { readonly waiting: ReadonlySet<string> } {
  let compared: Compared = { begunAt: new Date(), theirs: undefined, ours: logStart }
  const waiting = new Set<string>()
  return {
    waiting,
    read: async () => compared,
    write: async (next) => {
      compared = { ...compared, ...next }
    },
    unsettled: async (limit) => [...waiting].slice(0, limit),
    addUnsettled: async (orderId) => void waiting.add(orderId),
    settle: async (orderId) => void waiting.delete(orderId),
  }
}

type Books = { readonly theirs: readonly string[]; readonly ours: readonly string[] }

/** The provider with these changes, an hour old, and our log with these events. Cursors count from 1. */
function booksOf({ theirs, ours }: Books) {
  const asked: { readonly after: string | undefined; readonly since: Date }[] = []
  const provider: ReconcilerOptions['provider'] = {
    changes: async ({ after, since, limit }) => {
      asked.push({ after, since })
      const first = Number(after ?? 0)
      const changes = theirs
        .slice(first, first + limit)
        .map((reference, index) => ({ cursor: `${first + index + 1}`, reference, ageMs: HOUR_MS }))
      return { changes, payments: [] }
    },
    paymentsOf: async () => [],
  }
  const readOurs = async ({ after, limit }: { after: LogPosition; limit: number }) => {
    const first = Number(after.position)
    return ours
      .slice(first, first + limit)
      .map((streamId, index) => eventAt(first + index + 1, streamId))
  }
  return { asked, provider, readOurs }
}

function eventAt(position: number, streamId: string): PositionedEvent {
  return {
    ...{ eventId: `e-${position}`, streamId, version: 1n, type: 'PaymentCaptured' },
    payload: Buffer.alloc(0),
    logPosition: { transactionId: BigInt(position), position: BigInt(position) },
    recordedAt: new Date(Date.now() - HOUR_MS),
  }
}

type Given = Partial<Books> & {
  readonly progress?: Progress
  readonly agreeing?: readonly string[]
  readonly repair: (orderId: string) => readonly RepairKind[]
}

function reconcilerOf(given: Given) {
  const { theirs = [], ours = [], progress = keptProgress(), agreeing = [], repair } = given
  const { asked, provider, readOurs } = booksOf({ theirs, ours })
  const warnings: string[] = []
  const reconciler = new Reconciler({
    ...{ provider, readOurs, progress },
    agreeing: async () => new Set(agreeing),
    repair: async function* (orderId) {
      yield* repair(orderId)
    },
    ...{ graceMs: 60_000, intervalMs: 60_000, horizonMs: 24 * HOUR_MS },
    reconciled: { inc: () => undefined },
    log: { warn: (_context, message) => void warnings.push(message) },
  })
  return { reconciler, asked, warnings }
}

const numbered = (name: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${name}-${index + 1}`)

describe('a reconciler', () => {
  test('goes on after a restart where it has stopped, on both sides', async () => {
    const progress = keptProgress()
    const books = { theirs: numbered('t', 150), ours: numbered('o', 150) }
    const looked: string[] = []
    const repair = (orderId: string) => {
      looked.push(orderId)
      return []
    }
    await reconcilerOf({ ...books, progress, repair }).reconciler.once()
    expect(looked).toEqual([...books.theirs, ...books.ours])
    looked.length = 0
    const grown = { theirs: [...books.theirs, 't-new'], ours: [...books.ours, 'o-new'] }
    const restarted = reconcilerOf({ ...grown, progress, repair })
    await restarted.reconciler.once()
    expect(looked).toEqual(['t-new', 'o-new'])
    expect(restarted.asked[0]?.after).toBe('150')
  })

  test.each([
    [
      'a refusal of Postgres that is an outage',
      Object.assign(new Error('read only'), { code: '25006' }),
    ],
    [
      'an outage behind an error that says nothing',
      new Error('x', { cause: new ProviderUnavailableError('503') }),
    ],
    ['a timeout', new DOMException('late', 'TimeoutError')],
  ])('tries an order again after %s', async (_what, error) => {
    const progress = keptProgress()
    const repair = (): readonly RepairKind[] => {
      throw error
    }
    await reconcilerOf({ theirs: ['t-1'], progress, repair }).reconciler.once()
    expect([...progress.waiting]).toEqual(['t-1'])
  })

  test.each([
    ['contradicts', Object.assign(new Error('capture'), { code: 'payment-is-voided' })],
    ['refuses', Object.assign(new Error('422'), { status: 422 })],
  ])('does not try an order again which the provider %s', async (_what, error) => {
    const progress = keptProgress()
    const repair = (): readonly RepairKind[] => {
      throw error
    }
    await reconcilerOf({ theirs: ['t-1'], progress, repair }).reconciler.once()
    expect([...progress.waiting]).toEqual([])
  })

  test('passes an order that nobody answers about, compares the others, and tries it again', async () => {
    const progress = keptProgress()
    const theirs = numbered('t', 250)
    let isAway = true
    const looked: string[] = []
    const repair = (orderId: string): readonly RepairKind[] => {
      looked.push(orderId)
      if (orderId === 't-3' && isAway) throw new ProviderUnavailableError('503')
      return ['learned-capture']
    }
    const given = { theirs, ours: ['o-1'], progress, repair }
    expect(await reconcilerOf(given).reconciler.once()).toHaveLength(250)
    expect([...progress.waiting]).toEqual(['t-3'])
    expect(looked).toContain('o-1')
    looked.length = 0
    expect(await reconcilerOf(given).reconciler.once()).toEqual([])
    expect(looked).toEqual(['t-3'])
    isAway = false
    expect(await reconcilerOf(given).reconciler.once()).toEqual(['learned-capture'])
    expect([...progress.waiting]).toEqual([])
  })

  test('compares one by one only what does not agree, and passes the rest', async () => {
    const progress = keptProgress()
    const looked: string[] = []
    const repair = (orderId: string) => {
      looked.push(orderId)
      return []
    }
    const books = { theirs: numbered('t', 4), ours: numbered('o', 2) }
    const given = { ...books, progress, agreeing: ['t-1', 't-2', 't-4', 'o-2'], repair }
    await reconcilerOf(given).reconciler.once()
    await reconcilerOf(given).reconciler.once()
    expect(looked).toEqual(['t-3', 'o-1'])
  })

  test('stops after the order under way, and repeats its page after the next start', async () => {
    const progress = keptProgress()
    const theirs = numbered('t', 90)
    const looked: string[] = []
    const given = (onLook: (orderId: string) => void) => ({
      ...{ theirs, ours: ['o-1'], progress },
      repair: (orderId: string) => {
        looked.push(orderId)
        onLook(orderId)
        return []
      },
    })
    const closed = Promise.withResolvers<void>()
    const { reconciler } = reconcilerOf(
      given((orderId) => {
        if (orderId === 't-2') closed.resolve(reconciler.close())
      }),
    )
    await reconciler.once()
    await closed.promise
    expect(looked).toEqual(['t-1', 't-2'])
    looked.length = 0
    await reconcilerOf(given(() => undefined)).reconciler.once()
    expect(looked).toEqual([...theirs, 'o-1'])
  })

  test('passes an order that cannot be repaired, and says so', async () => {
    const progress = keptProgress()
    const { reconciler, warnings } = reconcilerOf({
      ...{ theirs: ['t-1', 't-2'], progress },
      repair: (orderId) => {
        if (orderId === 't-1') throw new Error('contradiction')
        return ['learned-capture']
      },
    })
    expect(await reconciler.once()).toEqual(['learned-capture'])
    expect(warnings).toContain('an order’s payment cannot be reconciled')
    expect([...progress.waiting]).toEqual([])
  })

  test('waits for an entry that is dated a year ahead no longer than for any other', async () => {
    const looked: string[] = []
    const event = { ...eventAt(1, 'o-ahead'), recordedAt: new Date(Date.now() + 8_760 * HOUR_MS) }
    const change = { cursor: '1', reference: 't-ahead', ageMs: -8_760 * HOUR_MS }
    const reconciler = new Reconciler({
      provider: {
        changes: async ({ after }) => ({
          changes: after === undefined ? [change] : [],
          payments: [],
        }),
        paymentsOf: async () => [],
      },
      readOurs: async ({ after }) => (after.position === 0n ? [event] : []),
      progress: keptProgress(),
      agreeing: async () => new Set(),
      // biome-ignore lint/correctness/useYield: nothing is repaired.
      repair: async function* (orderId) {
        looked.push(orderId)
      },
      ...{ graceMs: 20, intervalMs: 60_000, horizonMs: 24 * HOUR_MS },
      reconciled: { inc: () => undefined },
      log: { warn: () => undefined },
    })
    await reconciler.once()
    expect(looked).toEqual([])
    await vi.waitFor(async () => {
      await reconciler.once()
      expect(looked).toEqual(['t-ahead', 'o-ahead'])
    }, 5_000)
  })
})
