import { eventually } from '@tenseams/local/launcher/host/wait'
import type { Secrets } from '@tenseams/local/launcher/install/secrets'
import type { Endpoints } from '@tenseams/local/launcher/plan/endpoints'
import type { Profile } from '@tenseams/local/launcher/plan/profiles'
import {
  agrees,
  type Comparison,
  compareBronze,
  compareCaptured,
  compareGold,
  compareSilver,
} from './agreement.ts'
import { areSettled, eventTopics, Figures, type Money } from './figures.ts'
import { type Compared, compareJobs, secondsInUse } from './jobs-agreement.ts'
import { showLifecycles } from './lifecycles.ts'
import { placeOrder, placeOrders, registerCustomers } from './shop.ts'
import { showWindows } from './windows.ts'

export type DemonstrationOptions = {
  readonly endpoints: Endpoints
  readonly secrets: Secrets
  /** Where the intervals of the Flink jobs' state are kept. */
  readonly stateFolder: string
  readonly profile: Profile
  readonly orders: number
  /** Breaks something while orders come in, and repairs it; the counts must agree nevertheless. */
  readonly breakHalfway?: () => Promise<void>
  /** Prints a line. */
  readonly say: (line: string) => void
}

export type DemonstrationResult = {
  /** Every count agrees. */
  readonly ok: boolean
  /** From the first request until a window with one of its payments is in gold; undefined without a lake. */
  readonly firstGoldMs?: number | undefined
}

const CUSTOMERS = 12
const ORDERS_TIMEOUT_MS = 60_000
const LAKE_TIMEOUT_MS = 180_000
/** Rows that are final by then are waited for. With the demonstration's own intervals these are all of its orders. */
const FINAL_WITHIN_MS = 60_000

/** Sends real orders through the running system and shows where they arrived, stage by stage. */
export async function demonstrate(options: DemonstrationOptions): Promise<DemonstrationResult> {
  const figures = await Figures.open(options.endpoints, options.secrets)
  try {
    const startedAt = performance.now()
    if (options.profile === 'minimal') {
      const customers = await sendOrders(options)
      await showOrders(options, figures)
      await showLifecycles(options.endpoints, customers, options.say)
      return { ok: true }
    }
    const stopWindows = await showWindows(options.endpoints, options.say)
    try {
      return await showAll(options, figures, startedAt)
    } finally {
      await stopWindows()
    }
  } finally {
    await figures.close()
  }
}

async function showAll(
  options: DemonstrationOptions,
  figures: Figures,
  startedAt: number,
): Promise<DemonstrationResult> {
  const inGoldBefore = await paymentsInGold(figures)
  const customers = await sendOrders(options)
  const firstGold = untilGoldGrows(figures, inGoldBefore, startedAt)
  await showOrders(options, figures)
  await showLifecycles(options.endpoints, customers, options.say)
  const ok = await showLake(options, figures)
  await showFreshness(options, figures, customers)
  return { ok, firstGoldMs: await firstGold }
}

async function sendOrders({
  endpoints,
  orders,
  breakHalfway,
  say,
}: DemonstrationOptions): Promise<readonly string[]> {
  const customers = await registerCustomers(endpoints, CUSTOMERS)
  say(`${orders} orders of ${CUSTOMERS} customers in three currencies, every tenth declined`)
  const breaking: Promise<void>[] = []
  await placeOrders(endpoints, customers, orders, (done) => {
    if (done % 100 === 0) say(`  ${done} orders placed`)
    if (done === Math.ceil(orders / 2) && breakHalfway !== undefined) breaking.push(breakHalfway())
  })
  await Promise.all(breaking)
  return customers
}

async function showOrders({ say }: DemonstrationOptions, figures: Figures): Promise<void> {
  const states = await eventually(
    async () => {
      const now = await figures.orderStates()
      return areSettled(now) ? now : undefined
    },
    { timeoutMs: ORDERS_TIMEOUT_MS, what: 'every order to be completed, rejected or cancelled' },
  )
  const parts = Object.entries(states).map(([state, orders]) => `${orders} ${state}`)
  say(`orders in Postgres: ${parts.join(', ')}`)
  for (const { topic, rows } of await figures.storedEvents())
    say(`events in Postgres: ${rows} for ${topic}`)
  const topics = [...eventTopics, 'analytics.revenue-per-minute.v1']
  for (const { topic, records } of await figures.offsets(topics)) {
    say(`offsets in Kafka: ${records} in ${topic} (events, ticks and transaction markers)`)
  }
}

async function showLake(
  { stateFolder, say }: DemonstrationOptions,
  figures: Figures,
): Promise<boolean> {
  const { gap, term } = secondsInUse(stateFolder, 'shopper-sessions')
  say(
    `waiting until bronze, silver and gold agree with Postgres (a session takes its gap of ${gap} s, the payment term of ${term} s, 5 s of watermark, a checkpoint)`,
  )
  const finalBeforeMs = Date.now() + FINAL_WITHIN_MS
  if ((gap + term) * 1_000 > FINAL_WITHIN_MS) {
    say('  sessions and unpaid orders that are still open in a minute are not compared')
  }
  const comparisons = await untilAgreed(figures, { stateFolder, finalBeforeMs })
  for (const one of comparisons) {
    say(`  ${agrees(one) ? 'equal' : 'DIFFERS'}  ${one.what}: ${one.found} of ${one.expected}`)
  }
  const { late } = await figures.gold()
  say(`gold.revenue_per_minute, read back from Iceberg (${countOf(late)} payments came late):`)
  for (const window of await figures.newestWindows(9)) {
    say(
      `  ${window.starts}–${window.ends} ${window.currency} ${window.payments} payments ${window.minor} minor units`,
    )
  }
  say(
    'gold.daily_revenue, made from silver: day, product, segment, currency, orders, pieces, minor units',
  )
  for (const line of await figures.bestSellers(6)) say(`  ${line}`)
  return comparisons.every(agrees)
}

/** Milliseconds until a window with one of the new orders is in gold. */
async function untilGoldGrows(
  figures: Figures,
  before: bigint,
  startedAt: number,
): Promise<number | undefined> {
  const waiting = { timeoutMs: LAKE_TIMEOUT_MS, what: 'a new window in gold', intervalMs: 250 }
  try {
    await eventually(async () => (await paymentsInGold(figures)) > before, waiting)
    return performance.now() - startedAt
  } catch {
    // The comparison that follows shows what is missing.
    return undefined
  }
}

async function paymentsInGold(figures: Figures): Promise<bigint> {
  return countOf((await figures.gold()).windows)
}

/** All comparisons as soon as they agree, or the last ones after the timeout. */
async function untilAgreed(
  figures: Figures,
  compared: Compared & { readonly finalBeforeMs: number },
): Promise<readonly Comparison[]> {
  const windowMs = secondsInUse(compared.stateFolder, 'revenue-per-minute').window * 1_000
  let last: readonly Comparison[] = []
  await eventually(
    async () => {
      last = await compareAll(figures, compared)
      return last.every(agrees)
    },
    { timeoutMs: LAKE_TIMEOUT_MS + windowMs, what: 'equal counts', intervalMs: 500 },
  ).catch((error: unknown) => {
    if (last.length === 0) throw error
  })
  return last
}

async function compareAll(figures: Figures, compared: Compared): Promise<readonly Comparison[]> {
  const [stored, bronze, captured, gold] = [
    await figures.dueEvents(),
    await figures.bronze(),
    await figures.captured(),
    await figures.gold(),
  ]
  return [
    ...compareBronze(stored, bronze),
    ...compareSilver(await figures.orderStates(), await figures.silverOrders()),
    ...compareGold(captured, gold.windows, gold.late),
    ...compareCaptured(captured, await figures.orderToCash()),
    ...(await compareJobs((sql) => figures.lake(sql), compared)),
  ]
}

async function showFreshness(
  { endpoints, say }: DemonstrationOptions,
  figures: Figures,
  customers: readonly string[],
): Promise<void> {
  const { orderId, placedAt } = await placeOrder(endpoints, customers, 0)
  await eventually(() => figures.isInBronze(orderId), {
    timeoutMs: 30_000,
    what: 'one order to be readable in bronze',
    intervalMs: 20,
  })
  say(
    `freshness: order ${orderId} was readable in bronze ${Date.now() - placedAt} ms after its request began`,
  )
}

const countOf = (money: readonly Money[]): bigint =>
  money.reduce((sum, { payments }) => sum + payments, 0n)
