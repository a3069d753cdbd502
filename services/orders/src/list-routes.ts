import { setTimeout as delay } from 'node:timers/promises'
import { problems } from '@tenseams/service/api'
import { problem, sendProblem } from '@tenseams/service/problem'
import type { Server } from '@tenseams/service/server'
import type pg from 'pg'
import { listedVersion, listOrders } from './order-list.ts'
import { ListAnswer, ListQuery } from './order-schemas.ts'

const listing = {
  summary: 'Lists orders of a customer, or in a state, newest first',
  description: [
    'The list is a read model of the log, and eventually consistent. A client that must see what it has just written',
    'names it in `seen`: the answer waits until the list has caught up, at most two seconds; after that it is 503.',
  ].join(' '),
  querystring: ListQuery,
  response: { 200: ListAnswer, ...problems(400) },
}

const WAIT_MS = 2_000
const LOOK_EVERY_MS = 20

/** `GET /orders`. */
export function listRoutes(server: Server, pool: pg.Pool): void {
  server.get('/orders', { schema: listing }, async (request, reply) => {
    const { seen, customerId, status, before } = request.query
    const limit = Number(request.query.limit)
    if (customerId === undefined && status === undefined) return sendProblem(reply, filterMissing)
    const deadline = performance.now() + WAIT_MS
    for (const position of seen?.split(',') ?? []) {
      if (!(await reaches(pool, position, deadline))) {
        return sendProblem(reply.header('retry-after', '1'), notSeenYet(position))
      }
    }
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

/** Waits until the list shows an order at a version, or until the deadline. */
async function reaches(pool: pg.Pool, position: string, deadline: number): Promise<boolean> {
  const [orderId = '', version = '0'] = position.split('@')
  while ((await listedVersion(pool, orderId.toLowerCase())) < BigInt(version)) {
    if (performance.now() > deadline) return false
    await delay(LOOK_EVERY_MS)
  }
  return true
}

const filterMissing = problem(
  'filter-missing',
  400,
  'A filter is needed',
  'Name a customerId, a status, or both.',
)

const notSeenYet = (position: string) =>
  problem(
    'not-seen-yet',
    503,
    'The list has not caught up',
    `It does not show ${position} yet. Retry, or read the order by its id, which is never stale.`,
  )
