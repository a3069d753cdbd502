import { RegistryUnavailableError } from '@tenseams/codec/errors'
import { schemaIdIn } from '@tenseams/codec/frame'
import type { PublishedVersion, Registry } from '@tenseams/codec/registry'
import { ContractError } from '@tenseams/contracts/errors'
import { parseSchema } from '@tenseams/contracts/schemas'
import { messageOf } from '@tenseams/service/causes'
import type { KafkaMessage } from 'kafkajs'
import type { TableContract } from './bronze-table.ts'

/** Each is a version that somebody has registered past the gate; what is forgotten is found again after a restart. */
const MOST_UNREADABLE = 1_000

/** More ids than a topic ever has; after so many, the known ones are forgotten and asked for again. */
const MOST_IDS = 10_000

/**
 * Notices that a topic has a newer contract than the one this program was built with: a record has a schema id that was not
 * seen before. It asks the registry once per id, so an unavailable registry matters only for records with a new id.
 */
export class ContractFollower {
  readonly #registry: Pick<Registry, 'newest'>
  readonly #seen = new Map<string, Set<number>>()
  /** By topic and schema id: why a newer version cannot be read here. */
  readonly #unreadable = new Map<string, ContractError>()

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
    const seen = this.#seenFor(topic)
    const ids = messages.flatMap(({ value }) => schemaIdIn(value) ?? [])
    const unseen = new Set(ids.filter((id) => !seen.has(id)))
    if (unseen.size === 0) return undefined
    const newest = await this.#newest(topic)
    const newer =
      newest !== undefined && newest.version > contract.version
        ? this.#readable(topic, newest)
        : undefined
    if (newer === undefined) for (const id of unseen) seen.add(id)
    return newer
  }

  /**
   * Why a record cannot be taken: it is of a newer version of the contract that this program cannot read, and would lose what
   * that version adds. Anybody may register a version that the gate has not seen, so it stops nothing but its own records.
   */
  refusalOf(topic: string, value: Buffer | null): ContractError | undefined {
    if (this.#unreadable.size === 0) return undefined
    return this.#unreadable.get(`${topic} ${schemaIdIn(value)}`)
  }

  #readable(topic: string, newest: PublishedVersion): TableContract | undefined {
    try {
      return contractOf(topic, newest)
    } catch (error) {
      if (!(error instanceof ContractError)) throw error
      if (this.#unreadable.size >= MOST_UNREADABLE) this.#unreadable.clear()
      this.#unreadable.set(`${topic} ${newest.id}`, error)
      return undefined
    }
  }

  #seenFor(topic: string): Set<number> {
    const seen = this.#seen.get(topic)
    if (seen !== undefined && seen.size < MOST_IDS) return seen
    const fresh = new Set<number>()
    this.#seen.set(topic, fresh)
    return fresh
  }

  async #newest(topic: string): Promise<PublishedVersion | undefined> {
    try {
      return await this.#registry.newest(`${topic}-value`)
    } catch (error) {
      const reason = messageOf(error)
      throw new RegistryUnavailableError(reason, { cause: error })
    }
  }
}

function contractOf(topic: string, { version, format, text }: PublishedVersion): TableContract {
  const file = `${topic}/${version}.${format === 'avro' ? 'avsc' : 'proto'}`
  return { version, format, text, schema: parseSchema(text, file) }
}
