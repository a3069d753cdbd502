import { profiles } from '@tenseams/contracts/slo/windows'
import { placeOrder, registerCustomers } from '@tenseams/demonstration/shop'
import { httpLogin } from '@tenseams/identities/http-login'
import { eventually } from '@tenseams/local/launcher/host/wait'
import { withInterval } from '@tenseams/observability/dashboards/promql'
import { expect, test } from 'vitest'
import { type Query, queries } from '../../dashboards/queries.ts'
import { type TestStack, useStack } from '../../support/stack.ts'

const TIMEOUT_MS = 4 * 60_000
const DATA_TIMEOUT_MS = 3 * 60_000
/** Enough to ask twice. */
const FEW_MS = 3_000
const REQUEST_TIMEOUT_MS = 10_000
/** As Grafana makes of the time between two scrapes. */
const SCRAPES_OF_A_RATE = 4
const CUSTOMERS = 3

/** The parts of the profile ops, beside the shared stack, which lacks nothing else of them. */
const watching = ['pager', 'alertmanager', 'prometheus']

test(
  'every query of the dashboards has data under load',
  async () => {
    const stack = await useStack()
    const load = new AbortController()
    try {
      await stack.restart(...watching)
      const placing = placeOrders(stack, load.signal)
      const empty = await emptyQueries(stack, queries)
      load.abort()
      await placing
      expect(empty, textOf(empty)).toEqual([])
      expect(await emptyQueries(stack, withoutData, FEW_MS)).toEqual(withoutData)
    } finally {
      load.abort()
      for (const name of watching.toReversed()) await stack.stopOne(name)
    }
  },
  TIMEOUT_MS,
)

async function placeOrders({ endpoints }: TestStack, signal: AbortSignal): Promise<void> {
  const customers = await registerCustomers(endpoints, CUSTOMERS)
  for (let index = 0; !signal.aborted; index++) await placeOrder(endpoints, customers, index)
}

/** That the test can fail: no series, and no number. */
const withoutData: readonly Query[] = ['up == 2', 'vector(0) / vector(0)'].map((expr) => ({
  ...{ panel: 'none', legend: 'none', expr },
}))

/** The queries that have no data in time. Those that had some are not asked again. */
async function emptyQueries(
  stack: TestStack,
  asked: readonly Query[],
  timeoutMs = DATA_TIMEOUT_MS,
): Promise<readonly Query[]> {
  const authorization = await httpLogin(stack.secrets.fileOf('reader'))()
  let empty = asked
  const askAgain = async () => {
    const stillEmpty: Query[] = []
    for (const query of empty) {
      if (!(await hasData(stack, query, authorization))) stillEmpty.push(query)
    }
    empty = stillEmpty
    return empty.length === 0
  }
  const waiting = { timeoutMs, intervalMs: 1_000, what: 'data of every query' }
  await eventually(askAgain, waiting).catch(() => undefined)
  return empty
}

const textOf = (empty: readonly Query[]) =>
  `no data: ${empty.map(({ panel, legend }) => `${panel} (${legend})`).join(', ')}`

async function hasData(
  { context }: TestStack,
  { expr }: Query,
  authorization: string,
): Promise<boolean> {
  const { scrapeSeconds } = profiles[context.settings.alerts ?? 'normal']
  const query = withInterval(expr, `${SCRAPES_OF_A_RATE * scrapeSeconds}s`)
  const response = await fetch(`http://127.0.0.1:${context.ports.prometheus}/api/v1/query`, {
    method: 'POST',
    headers: { authorization },
    body: new URLSearchParams({ query }),
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  })
  const text = await response.text()
  if (response.status !== 200) throw new Error(`${query}: ${text}`)
  const { data } = JSON.parse(text) as Answer
  // 0 of 0 is no number, and nothing that a panel could show.
  return data.result.some(({ value }) => Number.isFinite(Number(value[1])))
}

type Answer = {
  readonly data: { readonly result: readonly { readonly value: readonly string[] }[] }
}
