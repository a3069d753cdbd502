import { FlinkRefusedError, FlinkUnavailableError } from '../errors.ts'

export type Answer = Readonly<Record<string, unknown>>

type Call = {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly body?: object
  readonly timeoutMs: number
}

/**
 * Calls Flink's REST interface or that of the SQL gateway.
 *
 * @throws FlinkUnavailableError when there is no answer in time; FlinkRefusedError with Flink's root message.
 */
export async function call(
  url: string,
  { method = 'GET', body, timeoutMs }: Call,
): Promise<Answer> {
  const { ok, status, text } = await request(url, method, body, timeoutMs)
  const answer = parsed(text)
  if (ok && answer !== undefined) return answer
  throw new FlinkRefusedError(
    rootMessage(errorsIn(answer) ?? `${method} ${url}: ${status} ${text}`),
  )
}

async function request(url: string, method: string, body: object | undefined, timeoutMs: number) {
  try {
    const response = await fetch(url, {
      method,
      signal: AbortSignal.timeout(timeoutMs),
      headers: { 'content-type': 'application/json' },
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
