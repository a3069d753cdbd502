import { problem, sendProblem } from '@tenseams/service/problem'
import type { Server } from '@tenseams/service/server'
import type pg from 'pg'
import { Type } from 'typebox'
import { changesStart, cursorIn, cursorText, readChanges } from './changes.ts'
import { viewOf } from './views.ts'

const Query = Type.Object(
  {
    after: Type.Optional(Type.String({ maxLength: 100 })),
    limit: Type.Optional(Type.String({ pattern: '^([1-9]\\d{0,2}|1000)$', default: '500' })),
  },
  { additionalProperties: false },
)

/**
 * `GET /changes?after=<cursor>`: orders that were changed since, oldest change first, at most `limit`. For systems that follow
 * the orders by polling; each sends the `next` of its last answer, or a time.
 *
 * @param pool of its own, so that readers cannot take the connections of those who write.
 */
export function changeRoutes(server: Server, pool: pg.Pool): void {
  server.get('/changes', { schema: { querystring: Query } }, async (request, reply) => {
    const { after, limit } = request.query
    const cursor = after === undefined ? changesStart : cursorIn(after)
    if (cursor === undefined) return sendProblem(reply, cursorMalformed)
    const changes = await readChanges(pool, cursor, Number(limit))
    return reply.send({
      changes: changes.map(({ order, cursor: at }) => ({
        ...viewOf(order),
        updatedAt: at.updatedAt,
      })),
      next: cursorText(changes.at(-1)?.cursor ?? cursor),
    })
  })
}

const cursorMalformed = problem(
  'cursor-malformed',
  400,
  'The cursor cannot be read',
  'Send the `next` of an earlier answer as `after`, or a time such as 2026-12-01T12:00:00.000Z.',
)
