import { setTimeout as delay } from 'node:timers/promises'
import { problems } from '@tenseams/service/api'
import { type Problem, problem, sendProblem } from '@tenseams/service/problem'
import type { Server } from '@tenseams/service/server'
import type pg from 'pg'
import { listedVersion, listOrders, writtenVersion } from './order-list.ts'
import { ListAnswer, ListQuery } from './order-schemas.ts'

const listing = {
  summary: 'Lists orders, all or those of a customer or in a state, newest first',
  description: [
    'The list is a read model of the log, and eventually consistent. A client that must see what it has just written',
    'names it in `seen`: the answer waits until the list has caught up, at most two seconds; after that it is 503. A',
    'version that no order has is 404 at once.',
  ].join(' '),
  querystring: ListQuery,
  response: { 200: ListAnswer, ...problems(400, 404) },
}

const WAIT_MS = 2_000
const LOOK_EVERY_MS = 20

/** `GET /orders`. */
export function listRoutes(server: Server, pool: pg.Pool): void {
  server.get('/orders', { schema: listing }, async (request, reply) => {
    const { seen, customerId, status, before } = request.query
    const limit = Number(request.query.limit)
    const refusal = await untilListed(pool, seen?.split(',') ?? [])
    if (refusal?.status === 503) void reply.header('retry-after', '1')
    if (refusal !== undefined) return sendProblem(reply, refusal)
    const filter = { ...(customerId && { customerId }), ...(status && { status }) }
    const orders = await listOrders(pool, { ...filter, ...(before && { before }), limit })
    const next = orders.length === limit ? orders.at(-1)?.orderId : undefined
    return reply.send({
      orders: orders.map((order) => ({
        ...order,
        totalMinor: Number(order.totalMinor),
        version: Number(order.version),
      })),
      ...(next && { next }),
    })
  })
}

/** Waits until the list shows every order at its version: undefined then, or why it does not. */
async function untilListed(
  pool: pg.Pool,
  positions: readonly string[],
): Promise<Problem | undefined> {
  const deadline = performance.now() + WAIT_MS
  for (const position of positions) {
    const [id = '', version = '0'] = position.split('@')
    const seen = { orderId: id.toLowerCase(), version: BigInt(version) }
    if ((await listedVersion(pool, seen.orderId)) >= seen.version) continue
    if ((await writtenVersion(pool, seen.orderId)) < seen.version) return neverWritten(position)
    if (!(await reaches(pool, seen, deadline))) return notSeenYet(position)
  }
  return undefined
}

type Seen = { readonly orderId: string; readonly version: bigint }

async function reaches(pool: pg.Pool, seen: Seen, deadline: number): Promise<boolean> {
  while ((await listedVersion(pool, seen.orderId)) < seen.version) {
    if (performance.now() > deadline) return false
    await delay(LOOK_EVERY_MS)
  }
  return true
}

const neverWritten = (position: string) =>
  problem(
    'seen-unknown',
    404,
    'No order has this version',
    `Nothing was ever written that is ${position}: send the order id and the ETag of an answer.`,
  )

const notSeenYet = (position: string) =>
  problem(
    'not-seen-yet',
    503,
    'The list has not caught up',
    `It does not show ${position} yet. Retry, or read the order by its id, which is never stale.`,
  )
