import csr from '@kafkajs/confluent-schema-registry'
import { avroOptions } from './avro-long.ts'
import type { ContractText } from './contract-text.ts'
import {
  ContractNotPublishedError,
  messageOf,
  RegistryUnavailableError,
  UndecodableError,
} from './errors.ts'
import { type Writer, writerFrom } from './schema-sides.ts'

/** The two questions that a codec asks the registry, each within a time limit. It never registers a schema. */
export class SchemaLookup {
  readonly #client: csr.SchemaRegistry
  readonly #timeoutMs: number

  constructor(registryUrl: string, timeoutMs: number) {
    this.#timeoutMs = timeoutMs
    this.#client = new csr.SchemaRegistry(
      {
        host: registryUrl,
        retry: { retries: 2, initialRetryTimeInSecs: 0.1, maxRetryTimeInSecs: 1 },
        middlewares: [requestTimeout(timeoutMs), onlyOfARegistry],
      },
      { [csr.SchemaType.AVRO]: avroOptions },
    )
  }

  /**
   * The id of a contract that was published for a subject.
   *
   * @throws ContractNotPublishedError, RegistryUnavailableError
   */
  async idOf(subject: string, { text, format }: ContractText): Promise<number> {
    const type = format === 'avro' ? csr.SchemaType.AVRO : csr.SchemaType.PROTOBUF
    return this.#ask(
      () => this.#client.getRegistryIdBySchema(subject, { type, schema: text }),
      (error) =>
        isNotFound(error)
          ? new ContractNotPublishedError(`${subject}: not published; npm run contracts -- publish`)
          : undefined,
    )
  }

  /**
   * The schema that has an id.
   *
   * @throws UndecodableError when the registry does not have the id, or a schema that cannot be read here, since anybody may
   *   register one. RegistryUnavailableError
   */
  async writerOf(schemaId: number): Promise<Writer> {
    const found = await this.#ask(
      () => this.#client.getSchema(schemaId),
      (error) => {
        if (isNotFound(error)) {
          return new UndecodableError(`schema id ${schemaId} is not in the registry`)
        }
        return isAnswered(error) ? unreadable(schemaId, error) : undefined
      },
    )
    const writer = writerIn(schemaId, found)
    if (writer !== undefined) return writer
    throw new UndecodableError(`schema ${schemaId} is neither Avro nor Protobuf`)
  }

  /**
   * The limit is for all retries together.
   *
   * @param judge what a failure is that is an answer, such as a 404; undefined for an outage.
   */
  async #ask<Answer>(
    request: () => Promise<Answer>,
    judge: (error: unknown) => Error | undefined,
  ): Promise<Answer> {
    const late = Promise.withResolvers<never>()
    const timer = setTimeout(
      () => late.reject(new LateError(`no answer within ${this.#timeoutMs} ms`)),
      this.#timeoutMs,
    )
    try {
      return await Promise.race([request(), late.promise])
    } catch (error) {
      const outage = new RegistryUnavailableError(`schema registry: ${messageOf(error)}`, {
        cause: error,
      })
      throw judge(error) ?? outage
    } finally {
      clearTimeout(timer)
    }
  }
}

class LateError extends Error {}

/** The client gives every failed request a status. What has none came of an answer that it could not use. */
function isAnswered(error: unknown): boolean {
  return !(error instanceof LateError) && !(error instanceof Error && 'status' in error)
}

function unreadable(schemaId: number, cause: unknown): UndecodableError {
  return new UndecodableError(`schema ${schemaId} cannot be read: ${messageOf(cause)}`, { cause })
}

function writerIn(schemaId: number, found: object): Writer | undefined {
  try {
    return writerFrom(found)
  } catch (error) {
    throw unreadable(schemaId, error)
  }
}

type Middleware = NonNullable<
  ConstructorParameters<typeof csr.SchemaRegistry>[0]['middlewares']
>[number]

/** The registry's HTTP client has no timeout of its own. */
function requestTimeout(timeoutMs: number): Middleware {
  return () => ({
    prepareRequest: async (next) => (await next()).enhance({ timeout: timeoutMs }),
  })
}

/** A status of success, but no answer of a registry: a page of a proxy, for instance. */
class StrangeAnswerError extends Error {
  readonly status = 502
}

/** The client would take any answer with a status of success for the registry's, and so for a schema that cannot be read. */
const onlyOfARegistry: Middleware = ({ resourceName }) => ({
  response: async (next) => {
    const response = await next()
    if (resourceName !== 'Schema' || isSchema(response.data())) return response
    throw new StrangeAnswerError('the answer is none of a registry')
  },
})

function isSchema(answer: unknown): boolean {
  return (
    typeof answer === 'object' &&
    answer !== null &&
    'schema' in answer &&
    typeof answer.schema === 'string'
  )
}

/**
 * Whether the registry itself says that it does not have the schema. When asked for a text's id, the client wraps a 404,
 * and only that, in an error of this name without a status. A 404 without a message of the registry is a proxy's, or of a
 * wrong address: taken for an answer, it would dead-letter every record.
 */
function isNotFound(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (error.name === 'ConfluentSchemaRegistryError') return true
  return 'status' in error && error.status === 404 && !WITHOUT_MESSAGE.test(error.message)
}

/** What the client says when the answer is no object of the registry (its errorMiddleware.js). */
const WITHOUT_MESSAGE = / - Error, status 404(?!: \[object)/
