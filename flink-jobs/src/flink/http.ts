import { FlinkRefusedError, FlinkUnavailableError } from '../errors.ts'

export type Answer = Readonly<Record<string, unknown>>

/** Flink answers so while no JobManager leads yet. */
const SERVICE_UNAVAILABLE = 503

type Call = {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly body?: object
  readonly timeoutMs: number
  /** Needed for everything that changes something, and for all that the SQL gateway does. */
  readonly login?: () => Promise<string>
}

/**
 * Calls Flink's REST interface or that of the SQL gateway.
 *
 * @throws FlinkUnavailableError when there is no answer in time; FlinkRefusedError with Flink's root message;
 *   CredentialsError when the login's file cannot be used.
 */
export async function call(
  url: string,
  { method = 'GET', body, timeoutMs, login }: Call,
): Promise<Answer> {
  const authorization = await login?.()
  const headers = {
    'content-type': 'application/json',
    ...(authorization !== undefined && { authorization }),
  }
  const { ok, status, text } = await request(url, { method, headers, timeoutMs, body })
  const answer = parsed(text)
  if (ok && answer !== undefined) return answer
  if (status === SERVICE_UNAVAILABLE) {
    throw new FlinkUnavailableError(`${method} ${url}: ${errorsIn(answer) ?? text}`)
  }
  throw new FlinkRefusedError(
    rootMessage(errorsIn(answer) ?? `${method} ${url}: ${status} ${text}`),
  )
}

type Request = {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly body: object | undefined
}

async function request(url: string, { method, headers, timeoutMs, body }: Request) {
  try {
    const response = await fetch(url, {
      method,
      signal: AbortSignal.timeout(timeoutMs),
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { ok: response.ok, status: response.status, text: await response.text() }
  } catch (error) {
    throw new FlinkUnavailableError(`${url} does not answer`, { cause: error })
  }
}

function parsed(text: string): Answer | undefined {
  try {
    const value: unknown = JSON.parse(text === '' ? '{}' : text)
    return typeof value === 'object' && value !== null ? (value as Answer) : undefined
  } catch {
    // Not JSON, for example a proxy's error page. The caller throws with the text.
    return undefined
  }
}

function errorsIn(answer: Answer | undefined): string | undefined {
  const errors = answer?.errors
  return Array.isArray(errors) ? errors.join('\n') : undefined
}

/** The message of the innermost cause in a Java stack trace, without its frames. */
export function rootMessage(trace: string): string {
  const innermost = trace.split(/^\s*Caused by: /m).at(-1) ?? trace
  const message = innermost.split(/\n\s*(?:at [\w.$/]+\(|\.\.\. \d+ more)/)[0] ?? innermost
  return message
    .trim()
    .replace(/^(?:[\w$]+\.)+([\w$]+(?:Exception|Error)): /, '$1: ')
    .replace(/\nWas expecting[\s\S]*$/, '')
}
