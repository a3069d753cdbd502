import { contextIn, newContext, traceparentOf } from '@tenseams/telemetry/traceparent'
import type { Head } from '@tenseams/telemetry/tracing/head'
import { type BegunStep, beginStep, beginTrace } from '@tenseams/telemetry/tracing/step'
import type { FastifyRequest } from 'fastify'
import type { Server } from './server-type.ts'

declare module 'fastify' {
  // biome-ignore lint/style/useConsistentTypeDefinitions: only an interface can be added to.
  interface FastifyRequest {
    /** The context of its span, for what it causes: events, and calls of other services. */
    traceparent: string
    /** Its span; undefined for a request that has none. */
    step: BegunStep<'http.server'> | undefined
  }
}

/** Asked for all the time, and part of nobody's business. */
const OPERATIONS = /^\/(?:metrics|health|documentation)\b/

/**
 * Gives every request a place in a trace: that of its `traceparent`, else a new one. It is active while the request is handled.
 *
 * Whether a trace is recorded is decided where it enters the system (`head`), since a client that could decide that would
 * decide what it costs us. Callers who have shown who they are, which are our own services, have decided already.
 *
 * Comes after the guard, so that what is refused there makes no span.
 */
export function traceRequests(server: Server, head: Head | undefined): void {
  server.decorateRequest('traceparent', '')
  server.decorateRequest('step', undefined)
  server.addHook('onRequest', (request, _reply, done) => {
    const step = stepOf(request, head)
    request.step = step
    request.traceparent = step?.traceparent ?? traceparentOf(parentOf(request) ?? newContext())
    if (step === undefined) done()
    else step.run(done)
  })
  server.addHook('onResponse', (request, reply, done) => {
    const { statusCode } = reply
    request.step?.set({ 'http.response.status_code': statusCode })
    request.step?.end(statusCode >= 500 ? { code: String(statusCode) } : undefined)
    done()
  })
}

/** Undefined when this process records nothing, and for what operators ask. */
function stepOf(
  request: FastifyRequest,
  head: Head | undefined,
): BegunStep<'http.server'> | undefined {
  const route = request.routeOptions.url ?? 'unknown'
  if (head === undefined || OPERATIONS.test(route)) return undefined
  const attributes = { 'http.request.method': request.method, 'http.route': route } as const
  const step = { span: 'http.server', attributes } as const
  const parent = parentOf(request)
  if (parent !== undefined && request.caller !== undefined) return beginStep({ ...step, parent })
  const isRecorded = head.isSampled()
  if (parent === undefined) {
    return isRecorded ? beginTrace(step) : beginStep({ ...step, parent: newContext() })
  }
  return beginStep({ ...step, parent: { ...parent, traceFlags: isRecorded ? 1 : 0 } })
}

const parentOf = ({ headers }: FastifyRequest) => contextIn(headers.traceparent)
