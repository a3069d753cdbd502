import { readTopics } from '@tenseams/contracts/topics'
import type pg from 'pg'
import type { TopicPartition } from './control.ts'
import { partitionOfKey } from './key-partition.ts'

/** The event stores whose events go to topics with control rows. */
const STORES = ['orders', 'payments'] as const
/** Of each store, at most, and the newest: under such a load no partition goes without an event among them. */
const MOST_EVENTS = 500

type EventRow = { readonly position: string; readonly topic: string; readonly stream_id: string }

/**
 * Says into which partitions events were written since the last look. One that commits late may be missed, because it has a
 * smaller position than one that was seen. That costs a tick in its partition and nothing else.
 */
export class NewEvents {
  readonly #pool: pg.Pool
  readonly #positions = new Map<string, string>()
  readonly #partitions: ReadonlyMap<string, number>

  constructor(pool: pg.Pool) {
    this.#pool = pool
    this.#partitions = new Map(readTopics().map(({ name, partitions }) => [name, partitions]))
  }

  /** The first look finds nothing: it only notes where the stores end. */
  async look(): Promise<readonly TopicPartition[]> {
    const found: TopicPartition[] = []
    for (const store of STORES) found.push(...(await this.#lookInto(store)))
    return found
  }

  async #lookInto(store: string): Promise<readonly TopicPartition[]> {
    const position = this.#positions.get(store)
    const { rows } = await this.#pool.query<EventRow>(
      position === undefined
        ? `select position, topic, stream_id from ${store}.events order by position desc limit 1`
        : `select position, topic, stream_id from ${store}.events
            where position > $1 order by position desc limit ${MOST_EVENTS}`,
      position === undefined ? [] : [position],
    )
    this.#positions.set(store, rows[0]?.position ?? position ?? '0')
    return position === undefined ? [] : rows.flatMap((row) => this.#partitionOf(row))
  }

  #partitionOf({ topic, stream_id }: EventRow): readonly TopicPartition[] {
    const partitions = this.#partitions.get(topic)
    return partitions === undefined
      ? []
      : [{ topic, partition: partitionOfKey(stream_id, partitions) }]
  }
}
