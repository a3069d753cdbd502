import { randomBytes } from 'node:crypto'

const FORM = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/

/**
 * The W3C trace context that an event carries: the caller's if it is well formed, otherwise a new root. A malformed
 * header starts a new trace, as the recommendation requires (https://www.w3.org/TR/trace-context/#traceparent-header).
 */
export function continueTrace(headers: Readonly<Record<string, unknown>>): string {
  const { traceparent } = headers
  if (typeof traceparent === 'string' && FORM.test(traceparent)) return traceparent
  return `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`
}
