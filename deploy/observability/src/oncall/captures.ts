import { VerbError } from '@tenseams/cli/errors'
import type { Authorization } from '@tenseams/identities/authorization'
import type { Plan } from './plan.ts'

/** The service payments, and who asks it. */
export type Payments = { readonly url: string; readonly headers: Authorization }

/** As `GET /captures` answers. */
export type Captures = {
  readonly frozen: boolean
  readonly since?: string
  readonly by?: string
  readonly reason?: string
}

const REQUEST_TIMEOUT_MS = 10_000

/** @throws VerbError */
export function capturesAt(payments: Payments): Promise<Captures> {
  return ask(payments, { method: 'GET' })
}

/** For people. */
export function capturesText({ frozen, since, by, reason }: Captures): string {
  const state = frozen
    ? 'frozen: no money is captured, that of what is sent stays held'
    : 'going on'
  return since === undefined
    ? `captures are ${state}`
    : `captures are ${state}, since ${since}, by ${by}: ${reason}`
}

/** Freezes captures, or lets them go on. Payments writes it to Postgres, where every instance of it looks. */
export function planCaptures(
  payments: Payments,
  present: Captures,
  { frozen, reason }: { readonly frozen: boolean; readonly reason: string },
): Plan {
  const found = [capturesText(present)]
  if (present.frozen === frozen) return { found, steps: [] }
  const says = frozen
    ? 'freeze captures: within a second no instance of payments asks the provider for money; requests under way may still end'
    : 'let captures go on: what waits is captured within some seconds, in the order in which it was sent'
  const act = async () => {
    const body = JSON.stringify({ frozen, reason })
    return capturesText(await ask(payments, { method: 'PUT', body }))
  }
  return { found, steps: [{ says, act }] }
}

async function ask(
  { url, headers }: Payments,
  request: { readonly method: 'GET' | 'PUT'; readonly body?: string },
): Promise<Captures> {
  const address = `${url}/captures`
  const response = await fetch(address, {
    ...request,
    headers: {
      ...headers,
      ...(request.body !== undefined && { 'content-type': 'application/json' }),
    },
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  }).catch((cause: unknown) => {
    const hint =
      'is it running? See `npm run stack -- status`. A service that is down captures nothing'
    throw new VerbError(`${address}: payments does not answer; ${hint}`, { cause })
  })
  if (!response.ok) {
    throw new VerbError(`${address} answers ${response.status}: ${await response.text()}`)
  }
  return (await response.json()) as Captures
}
