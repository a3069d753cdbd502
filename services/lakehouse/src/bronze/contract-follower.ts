import { RegistryUnavailableError } from '@tenseams/codec/errors'
import { schemaIdIn } from '@tenseams/codec/frame'
import type { PublishedVersion, Registry } from '@tenseams/codec/registry'
import { parseSchema } from '@tenseams/contracts/schemas'
import type { KafkaMessage } from 'kafkajs'
import type { TableContract } from './bronze-table.ts'

/** More ids than a topic ever has; strangers are asked about again after so many. */
const MOST_IDS = 10_000

/**
 * Finds out when a topic's contract has moved on since this program was built: by records written with a schema that was
 * not met before. It asks the registry once an id, so its being away matters only then.
 */
export class ContractFollower {
  readonly #registry: Pick<Registry, 'newest'>
  readonly #met = new Map<string, Set<number>>()

  constructor(registry: Pick<Registry, 'newest'>) {
    this.#registry = registry
  }

  /**
   * The newest published version, if one of the records needs a newer one than `contract`.
   *
   * @throws RegistryUnavailableError: nothing is known then, and the records must wait.
   */
  async newerThan(
    topic: string,
    contract: TableContract,
    messages: readonly KafkaMessage[],
  ): Promise<TableContract | undefined> {
    const met = this.#metOf(topic)
    const ids = messages.flatMap(({ value }) => schemaIdIn(value) ?? [])
    const strangers = new Set(ids.filter((id) => !met.has(id)))
    if (strangers.size === 0) return undefined
    const newest = await this.#newest(topic)
    if (newest !== undefined && newest.version > contract.version) return contractOf(topic, newest)
    for (const id of strangers) met.add(id)
    return undefined
  }

  #metOf(topic: string): Set<number> {
    const met = this.#met.get(topic)
    if (met !== undefined && met.size < MOST_IDS) return met
    const fresh = new Set<number>()
    this.#met.set(topic, fresh)
    return fresh
  }

  async #newest(topic: string): Promise<PublishedVersion | undefined> {
    try {
      return await this.#registry.newest(`${topic}-value`)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      throw new RegistryUnavailableError(reason, { cause: error })
    }
  }
}

function contractOf(topic: string, { version, format, text }: PublishedVersion): TableContract {
  const file = `${topic}/${version}.${format === 'avro' ? 'avsc' : 'proto'}`
  return { version, format, text, schema: parseSchema(text, file) }
}
