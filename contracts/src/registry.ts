import { PublishError } from './errors.ts'
import type { ContractFormat } from './schemas.ts'

/** The registry's Confluent API, as far as publishing needs it. */
export type Registry = {
  /** Whether it answers at all. */
  readonly isReady: () => Promise<boolean>
  /** Registers a text and gives its id and version; the same text again gives the same again. */
  readonly register: (subject: string, schema: RegisteredText) => Promise<Registered>
  readonly setLevel: (subject: string, level: string) => Promise<void>
}

type RegisteredText = { readonly text: string; readonly format: ContractFormat }

export type Registered = { readonly id: number; readonly version: number }

const mediaType = 'application/vnd.schemaregistry.v1+json'

/** @param timeoutMs for each request. */
export function openRegistry(url: string, timeoutMs: number): Registry {
  const call = (method: string, path: string, body?: object) =>
    request(`${url}${path}`, method, timeoutMs, body)
  return {
    isReady: async () => {
      const response = await call('GET', '/subjects').catch(() => undefined)
      return response?.ok ?? false
    },
    register: async (subject, { text, format }) => {
      const body = { schema: text, schemaType: format.toUpperCase() }
      const path = `/subjects/${encodeURIComponent(subject)}`
      const { id } = await answer(await call('POST', `${path}/versions`, body), subject)
      const found = await answer(await call('POST', path, body), subject)
      return { id: whole(id, subject), version: whole(found.version, subject) }
    },
    setLevel: async (subject, level) => {
      const path = `/config/${encodeURIComponent(subject)}`
      await answer(await call('PUT', path, { compatibility: level }), subject)
    },
  }
}

async function request(url: string, method: string, timeoutMs: number, body?: object) {
  try {
    return await fetch(url, {
      method,
      signal: AbortSignal.timeout(timeoutMs),
      headers: { 'content-type': mediaType, accept: mediaType },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  } catch (error) {
    throw new PublishError(`the registry at ${url} does not answer`, {
      cause: error,
      retriable: true,
    })
  }
}

type Answer = Readonly<Record<string, unknown>>

async function answer(response: Response, subject: string): Promise<Answer> {
  const text = await response.text()
  if (response.ok) return JSON.parse(text) as Answer
  const retriable = response.status >= 500
  throw new PublishError(`${subject}: the registry answered ${response.status}: ${text}`, {
    retriable,
  })
}

function whole(value: unknown, subject: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value
  throw new PublishError(`${subject}: the registry answered without an id or version`, {
    retriable: false,
  })
}
