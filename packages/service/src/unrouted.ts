import type { FastifyReply, FastifyRequest } from 'fastify'
import { problem, sendProblem, shortened } from './problem.ts'
import type { Server } from './server-type.ts'

/**
 * Answers a request that no route takes, before its body is read: 405 with the methods of its address in `Allow`, and 404
 * only when no method would find anything there.
 */
export function answerUnrouted(server: Server): void {
  const routes = new Map<string, { readonly form: RegExp; readonly methods: Set<string> }>()
  server.addHook('onRoute', ({ url, method }) => {
    const route = routes.get(url) ?? { form: formOf(url), methods: new Set() }
    for (const each of [method].flat()) route.methods.add(each)
    routes.set(url, route)
  })
  const allowedAt = (path: string) =>
    [...routes.values()]
      .filter(({ form }) => form.test(path))
      .flatMap(({ methods }) => [...methods])
  server.addHook('onRequest', async (request, reply) => {
    if (request.is404) return refuse(request, reply, allowedAt(pathOf(request.url)))
    return undefined
  })
}

function refuse(
  { method, url }: FastifyRequest,
  reply: FastifyReply,
  methods: readonly string[],
): FastifyReply {
  if (methods.length === 0) {
    return sendProblem(reply, problem('not-found', 404, 'Not found', shortened(`${method} ${url}`)))
  }
  const allow = [...new Set(methods)].sort().join(', ')
  const detail = `${method} is not possible here. Possible: ${allow}.`
  return sendProblem(
    reply.header('allow', allow),
    problem('method-not-allowed', 405, 'Method not allowed', detail),
  )
}

/** As the router compares it. It has refused an address that cannot be decoded. */
function pathOf(url: string): string {
  return decodeURI(url.split('?')[0] ?? '')
}

/** The addresses of a route, whose parameters are whole segments, and whose `*` is its end. */
function formOf(url: string): RegExp {
  const segments = url.split('/').map((segment) => {
    if (segment === '*') return '.*'
    return segment.startsWith(':') ? '[^/]+' : RegExp.escape(segment)
  })
  return new RegExp(`^${segments.join('/')}$`)
}
