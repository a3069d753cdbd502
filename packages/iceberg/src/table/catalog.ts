import { CredentialsError } from '@tenseams/identities/errors'
import { askAs, type HttpLogin } from '@tenseams/identities/http-login'
import { LakehouseError, type LakehouseErrorCode } from '../errors.ts'
import { parseJson, writeJson } from '../format/json.ts'
import { parseMetadata, type TableIdentifier, type TableMetadata } from '../format/metadata.ts'
import { type StructType, withoutAliases } from '../format/schema.ts'
import { newSpec, type Partitioning } from './new-spec.ts'

export type CatalogOptions = {
  /** The server's address; `/v1/…` is added. */
  readonly url: string
  /** Of an identity that may use the catalogue; asked for at each request. */
  readonly login: HttpLogin
  /** Limit of one request, including its response. */
  readonly timeoutMs: number
  readonly warehouse?: string
}

export type CommitRequest = {
  readonly requirements: readonly object[]
  readonly updates: readonly object[]
}

/**
 * The result of a commit. `refused` is definite: it did not happen and will not. `unknown`: it may have happened, or may
 * still happen, so the caller must keep every file that the commit names, and look at the table.
 */
export type CommitOutcome =
  | { readonly kind: 'committed'; readonly metadata: TableMetadata }
  | { readonly kind: 'refused'; readonly error: LakehouseError }
  | { readonly kind: 'unknown'; readonly error: LakehouseError }

type Request = {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly body?: object
}

/**
 * A client of Iceberg's REST catalogue protocol. It keeps int64 ids exact, limits the time of every request, retries
 * nothing by itself, and never reports an unknown outcome as a refusal.
 */
export class Catalog {
  readonly #options: CatalogOptions
  #prefix: string | undefined

  constructor(options: CatalogOptions) {
    this.#options = options
  }

  /** Loads the server's configuration; done once, before the first request. Also a health check. */
  async config(): Promise<void> {
    const { warehouse } = this.#options
    const query = warehouse === undefined ? {} : { warehouse }
    const answer = await this.#send({ method: 'GET', path: '/v1/config', query })
    const { defaults = {}, overrides = {} } = answer as {
      readonly defaults?: Readonly<Record<string, string>>
      readonly overrides?: Readonly<Record<string, string>>
    }
    const prefix = overrides.prefix ?? defaults.prefix
    this.#prefix = prefix === undefined ? '/v1' : `/v1/${prefix}`
  }

  async listNamespaces(): Promise<readonly string[]> {
    const answer = await this.#ask('GET', '/namespaces')
    const { namespaces } = answer as { readonly namespaces: readonly (readonly string[])[] }
    return namespaces.map((levels) => levels.join('.'))
  }

  /** Creates the namespace if it is missing. */
  async ensureNamespace(namespace: string): Promise<void> {
    await ignoring('CATALOG_CONFLICT', () =>
      this.#ask('POST', '/namespaces', { namespace: [namespace] }),
    )
  }

  async listTables(namespace: string): Promise<readonly TableIdentifier[]> {
    const answer = await this.#ask('GET', `/namespaces/${encodeURIComponent(namespace)}/tables`)
    const { identifiers } = answer as {
      readonly identifiers: readonly { readonly name: string }[]
    }
    return identifiers.map(({ name }) => ({ namespace, name }))
  }

  /** @throws LakehouseError CATALOG_NOT_FOUND */
  async loadTable(table: TableIdentifier): Promise<TableMetadata> {
    return metadataIn(await this.#ask('GET', pathOf(table)))
  }

  /**
   * Creates a table, or loads it when another writer was first. The server assigns column ids of its own: use the schema
   * of the result, not the one passed in.
   */
  async ensureTable(
    table: TableIdentifier,
    schema: StructType,
    properties: Readonly<Record<string, string>>,
    partitioning: readonly Partitioning[] = [],
  ): Promise<TableMetadata> {
    const path = `/namespaces/${encodeURIComponent(table.namespace)}/tables`
    const body = {
      name: table.name,
      schema: withoutAliases(schema),
      properties,
      ...(partitioning.length > 0 && { 'partition-spec': newSpec(schema, partitioning) }),
    }
    const created = await ignoring('CATALOG_CONFLICT', () => this.#ask('POST', path, body))
    return created === undefined ? this.loadTable(table) : metadataIn(created)
  }

  /** The compare-and-set that every guarantee depends on: all updates if all requirements hold, otherwise none. */
  async commitTable(table: TableIdentifier, request: CommitRequest): Promise<CommitOutcome> {
    try {
      const identifier = { namespace: [table.namespace], name: table.name }
      const answer = await this.#ask('POST', pathOf(table), { identifier, ...request })
      return { kind: 'committed', metadata: metadataIn(answer) }
    } catch (error) {
      if (!(error instanceof LakehouseError)) throw error
      return { kind: isDefinite(error) ? 'refused' : 'unknown', error }
    }
  }

  /** Removes the table from the catalogue and leaves its files. */
  async dropTable(table: TableIdentifier): Promise<void> {
    await this.#ask('DELETE', pathOf(table))
  }

  async #ask(method: Request['method'], path: string, body?: object): Promise<unknown> {
    if (this.#prefix === undefined) await this.config()
    return this.#send({ method, path: `${this.#prefix}${path}`, ...(body && { body }) })
  }

  async #send({ method, path, query, body }: Request): Promise<unknown> {
    const url = new URL(this.#options.url.replace(/\/$/, '') + path)
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value)
    const { status, text } = await this.#exchange(method, url, body)
    if (status >= 200 && status < 300) return text === '' ? undefined : parseAnswer(text)
    throw new LakehouseError(
      codeOf(status),
      `${method} ${url.pathname}: ${status} ${reasonIn(text)}`,
    )
  }

  async #exchange(method: string, url: URL, body: object | undefined) {
    const { login, timeoutMs } = this.#options
    const options = {
      ...{ method, signal: AbortSignal.timeout(timeoutMs) },
      ...(body && { body: writeJson(body) }),
    }
    const headers = { 'content-type': 'application/json', accept: 'application/json' }
    try {
      const response = await askAs(login, (authorization) =>
        fetch(url, { ...options, headers: { ...headers, authorization } }),
      )
      return { status: response.status, text: await response.text() }
    } catch (error) {
      if (error instanceof CredentialsError) throw error
      const message = `${method} ${url.href}: ${lossOf(error, timeoutMs)}`
      throw new LakehouseError('CATALOG_UNAVAILABLE', message, { cause: error })
    }
  }
}

function pathOf({ namespace, name }: TableIdentifier): string {
  return `/namespaces/${encodeURIComponent(namespace)}/tables/${encodeURIComponent(name)}`
}

/** 5xx, 408 and 429 may come from a proxy that has already passed the request on. */
function codeOf(status: number): LakehouseErrorCode {
  if (status === 409) return 'CATALOG_CONFLICT'
  if (status === 404) return 'CATALOG_NOT_FOUND'
  if (status === 401 || status === 403) return 'CATALOG_NOT_PERMITTED'
  if (status >= 500 || status === 408 || status === 429) return 'CATALOG_UNAVAILABLE'
  return 'CATALOG_REFUSED'
}

function isDefinite(error: LakehouseError): boolean {
  return (
    error.code === 'CATALOG_CONFLICT' ||
    error.code === 'CATALOG_REFUSED' ||
    error.code === 'CATALOG_NOT_PERMITTED' ||
    error.code === 'CATALOG_NOT_FOUND'
  )
}

function metadataIn(answer: unknown): TableMetadata {
  const { metadata, 'metadata-location': location } = answer as Readonly<Record<string, unknown>>
  return parseMetadata(metadata, location)
}

function parseAnswer(text: string): unknown {
  try {
    return parseJson(text)
  } catch (error) {
    throw new LakehouseError(
      'CATALOG_ANSWER_UNREADABLE',
      'the catalogue did not answer with JSON',
      {
        cause: error,
      },
    )
  }
}

/** Why there was no response: fetch hides the system's error in the cause. */
function lossOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return `no answer within ${timeoutMs} ms`
  return error.cause instanceof Error ? error.cause.message : error.message
}

function reasonIn(text: string): string {
  const found = /"message"\s*:\s*"([^"]{1,300})/.exec(text)
  return found?.[1] ?? text.slice(0, 200)
}

async function ignoring<Answer>(
  code: LakehouseErrorCode,
  request: () => Promise<Answer>,
): Promise<Answer | undefined> {
  try {
    return await request()
  } catch (error) {
    if (error instanceof LakehouseError && error.code === code) return undefined
    throw error
  }
}
