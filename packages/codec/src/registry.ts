import type { ContractFormat, ContractText } from './contract-text.ts'
import { RegistryError } from './errors.ts'

/** The part of the registry's Confluent API that contracts need. */
export type Registry = {
  /** True when the registry answers. */
  readonly isReady: () => Promise<boolean>
  /** Registers a text and returns its id and version. Idempotent. */
  readonly register: (subject: string, schema: ContractText) => Promise<Registered>
  readonly setLevel: (subject: string, level: string) => Promise<void>
  readonly subjects: () => Promise<readonly string[]>
  readonly versions: (subject: string) => Promise<readonly number[]>
  /** The level that was set for the subject itself; undefined when none was set. */
  readonly level: (subject: string) => Promise<string | undefined>
  /** The id and version of a text in a subject; undefined when the subject does not have it. Registers nothing. */
  readonly find: (subject: string, schema: ContractText) => Promise<Registered | undefined>
  /** The newest version of a subject; undefined when there is none. */
  readonly newest: (subject: string) => Promise<PublishedVersion | undefined>
  /** Removes a subject with all its versions permanently. Only for subjects of tests and rollouts. */
  readonly remove: (subject: string) => Promise<void>
  /** Removes one version permanently. */
  readonly removeVersion: (subject: string, version: number) => Promise<void>
}

export type Registered = { readonly id: number; readonly version: number }

export type PublishedVersion = Registered & ContractText

const mediaType = 'application/vnd.schemaregistry.v1+json'

/**
 * @param timeoutMs for each request.
 * @param login the value of the header Authorization, asked for at each request: everybody may read, but only a publisher may
 *   register, set a level and remove.
 */
export function openRegistry(
  url: string,
  timeoutMs: number,
  login?: () => Promise<string>,
): Registry {
  const call = (method: string, path: string, body?: object) =>
    request(`${url}${path}`, { method, timeoutMs, body, login })
  // The first request is a soft delete, which the permanent one requires.
  const removeForGood = async (path: string) => {
    for (const each of [path, `${path}?permanent=true`]) {
      const response = await call('DELETE', each)
      if ([401, 403].includes(response.status)) await answer(response, path)
      await response.body?.cancel()
    }
  }
  return {
    isReady: async () => {
      const response = await call('GET', '/subjects').catch(() => undefined)
      return response?.ok ?? false
    },
    register: async (subject, schema) => {
      const body = bodyOf(schema)
      const path = pathOf(subject)
      const { id } = await answer(await call('POST', `${path}/versions`, body), subject)
      const found = await answer(await call('POST', path, body), subject)
      return { id: whole(id, subject), version: whole(found.version, subject) }
    },
    setLevel: async (subject, level) => {
      const path = `/config/${encodeURIComponent(subject)}`
      await answer(await call('PUT', path, { compatibility: level }), subject)
    },
    subjects: async () => {
      const names = await listed(await call('GET', '/subjects'), 'subjects')
      return names.map(String).toSorted()
    },
    versions: async (subject) => {
      const numbers = await listed(await call('GET', `${pathOf(subject)}/versions`), subject)
      return numbers.map((version) => whole(version, subject))
    },
    level: async (subject) => {
      const response = await call('GET', `/config/${encodeURIComponent(subject)}`)
      if (response.status === 404) return undefined
      const { compatibilityLevel } = await answer(response, subject)
      return typeof compatibilityLevel === 'string' ? compatibilityLevel : undefined
    },
    find: async (subject, schema) => {
      const response = await call('POST', pathOf(subject), bodyOf(schema))
      if (response.status === 404) return undefined
      const { id, version } = await answer(response, subject)
      return { id: whole(id, subject), version: whole(version, subject) }
    },
    newest: async (subject) => {
      const response = await call('GET', `${pathOf(subject)}/versions/latest`)
      if (response.status === 404) return undefined
      return versionIn(await answer(response, subject), subject)
    },
    remove: (subject) => removeForGood(pathOf(subject)),
    removeVersion: (subject, version) => removeForGood(`${pathOf(subject)}/versions/${version}`),
  }
}

const pathOf = (subject: string) => `/subjects/${encodeURIComponent(subject)}`

const bodyOf = ({ text, format }: ContractText) => ({
  schema: text,
  schemaType: format.toUpperCase(),
})

type Call = {
  readonly method: string
  readonly timeoutMs: number
  readonly body: object | undefined
  readonly login: (() => Promise<string>) | undefined
}

async function request(url: string, { method, timeoutMs, body, login }: Call) {
  const authorization = await login?.()
  try {
    return await fetch(url, {
      method,
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        'content-type': mediaType,
        accept: mediaType,
        ...(authorization !== undefined && { authorization }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  } catch (error) {
    throw new RegistryError(`the registry at ${url} does not answer`, {
      cause: error,
      retriable: true,
    })
  }
}

type Answer = Readonly<Record<string, unknown>>

const NOT_PERMITTED =
  '. Only the publisher may change schemas: `npm run contracts -- publish` logs in as the publisher of the instance'

async function answer(response: Response, subject: string): Promise<Answer> {
  const text = await response.text()
  if (response.ok) return JSON.parse(text) as Answer
  const retriable = response.status >= 500
  const next = [401, 403].includes(response.status) ? NOT_PERMITTED : ''
  throw new RegistryError(`${subject}: the registry answered ${response.status}: ${text}${next}`, {
    retriable,
  })
}

async function listed(response: Response, subject: string): Promise<readonly unknown[]> {
  const found: unknown = await answer(response, subject)
  if (Array.isArray(found)) return found
  throw new RegistryError(`${subject}: the registry answered without a list`, { retriable: false })
}

/** An answer without a schema type means Avro. */
function versionIn(found: Answer, subject: string): PublishedVersion {
  const { schema: text, schemaType = 'AVRO' } = found
  const format = formats.find((known) => known.toUpperCase() === schemaType)
  if (typeof text !== 'string' || format === undefined) {
    throw new RegistryError(
      `${subject}: the registry answered without an Avro or Protobuf schema`,
      {
        retriable: false,
      },
    )
  }
  return { id: whole(found.id, subject), version: whole(found.version, subject), text, format }
}

const formats: readonly ContractFormat[] = ['avro', 'protobuf']

function whole(value: unknown, subject: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value
  throw new RegistryError(`${subject}: the registry answered without an id or version`, {
    retriable: false,
  })
}
