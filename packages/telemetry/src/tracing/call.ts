import { inStep } from './step.ts'

/** A request that this process sends. */
export type Call = {
  readonly method: string
  readonly url: string
  /** How often it was sent before. */
  readonly repetition?: number
}

/**
 * Sends a request as a step of the trace that is active. The headers that `send` gets name that step, so that the answering
 * service's span is below it. Whatever `send` throws, an answer that is an error included, ends it as failed.
 */
export function inCallStep<Answer extends { readonly status: number }>(
  { method, url, repetition = 0 }: Call,
  send: (headers: Readonly<Record<string, string>>) => Promise<Answer>,
): Promise<Answer> {
  const { hostname, port, origin, pathname } = new URL(url)
  const attributes = {
    'http.request.method': method,
    'server.address': hostname,
    'server.port': Number(port),
    'url.full': `${origin}${pathname}`,
    ...(repetition > 0 && { 'http.request.resend_count': repetition }),
  } as const
  return inStep({ span: 'http.client', attributes }, async (step) => {
    const { traceparent } = step
    const answer = await send(traceparent === null ? {} : { traceparent })
    step.set({ 'http.response.status_code': answer.status })
    return answer
  })
}
