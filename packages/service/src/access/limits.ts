import rateLimit, { normalizeIP } from '@fastify/rate-limit'
import type { FastifyRequest } from 'fastify'
import { sendProblem, tooManyRequests } from '../problem.ts'
import type { Server } from '../server-type.ts'

/** How many requests within `windowMs`. */
export type Limits = {
  /** Of one address, without a token. */
  readonly maxRequests: number
  /** Of one identity, whatever its addresses are. */
  readonly maxKnownRequests: number
  /** What one address writes for one customer or order, without a token. */
  readonly maxCustomerWrites: number
  readonly windowMs: number
}

/** Clients that are counted at a time: the one that was not seen for longest is forgotten first. */
const MOST_CLIENTS = 10_000

/**
 * Limits the routes that are added after it, by client. Whoever sends a token is one client, wherever it is. Others are their
 * address, and what they write is limited by customer as well, so that one customer of a shared address cannot use up what
 * all have there. The customer is counted together with the address: nobody can use up another's limit by naming them.
 */
export async function limitClients(server: Server, limits: Limits): Promise<void> {
  await server.register(rateLimit, {
    max: ({ caller }) => (caller === undefined ? limits.maxRequests : limits.maxKnownRequests),
    timeWindow: limits.windowMs,
    keyGenerator: clientOf,
    // RateLimit-Limit, -Remaining and -Reset, as in the IETF draft; a 429 also has retry-after.
    enableDraftSpec: true,
    cache: MOST_CLIENTS,
  })
  const countWrite = server.createRateLimit({
    max: limits.maxCustomerWrites,
    timeWindow: limits.windowMs,
    keyGenerator: (request) => `${clientOf(request)} ${customerOf(request)}`,
  })
  server.addHook('preHandler', async (request, reply) => {
    if (!isWriteOfAnybody(request) || customerOf(request) === undefined) return undefined
    const count = await countWrite(request)
    if (count.isAllowed || !count.isExceeded) return undefined
    return sendProblem(reply.header('retry-after', String(count.ttlInSeconds)), tooManyRequests)
  })
}

function clientOf({ caller, ip }: FastifyRequest): string {
  return caller === undefined ? `address ${normalizeIP(ip)}` : `identity ${caller.identity}`
}

function isWriteOfAnybody({ caller, method, routeOptions }: FastifyRequest): boolean {
  const isReading = method === 'GET' || method === 'HEAD'
  return caller === undefined && !isReading && routeOptions.config.access === 'public'
}

/** Whom or what a request is about. It was validated, so it is an id. */
function customerOf({ params, body }: FastifyRequest): string | undefined {
  const { customerId, orderId } = { ...asRecord(body), ...asRecord(params) }
  const named = customerId ?? orderId
  return typeof named === 'string' ? named : undefined
}

const asRecord = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
