import type { Projection } from '@tenseams/event-store/projection'
import type { Server } from '@tenseams/service/server'

/**
 * `GET /read-model`: the generations of the order list and the position of each. `POST /read-model/rebuild`: builds a new
 * generation beside the current one. For operators, like `/metrics`: not in the API description, and not rate-limited.
 */
export function readModelRoutes(server: Server, projection: Projection): void {
  server.get('/read-model', async () => {
    const generations = await projection.generations()
    return generations.map(({ generation, state, checkpoint }) => ({
      generation,
      state,
      position: Number(checkpoint.position),
    }))
  })

  server.post('/read-model/rebuild', async (_request, reply) => {
    return reply.code(202).send({ generation: await projection.rebuild() })
  })
}
