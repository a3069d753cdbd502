import { readTopics } from '@tenseams/contracts/topics'
import type { FoundPartition, LogClient } from './kafka/log-client.ts'
import { nameOf } from './kafka/log-client.ts'
import type { Sample, Source } from './source.ts'

const REASON = 'dead-letter-reason'
/** There from the start, at 0: Prometheus sees no increase in a series that appears at 1. */
const USUAL_REASON = 'undecodable'
/** More reasons of one topic are counted together, so that the label has a bound. */
const MOST_REASONS = 20
const OTHER_REASON = 'other'
const FETCH_BYTES = 262_144
/** Of one scrape; a topic with more is read on by the next one. */
const MOST_FETCHES = 8

type Headers = Iterable<readonly [unknown, unknown]>

/** How many dead letters each topic has, by reason. */
export class DeadLetterCounts {
  readonly #counts = new Map<string, Map<string, number>>()

  constructor(topics: readonly string[]) {
    for (const topic of topics) this.#counts.set(topic, new Map([[USUAL_REASON, 0]]))
  }

  add(topic: string, headers: Headers): void {
    const found = [...headers].find(([name]) => String(name) === REASON)
    const counts = this.#counts.get(topic)
    if (counts === undefined) return
    const named = found === undefined ? 'unknown' : String(found[1])
    const isFull = !counts.has(named) && counts.size >= MOST_REASONS
    const reason = isFull ? OTHER_REASON : named
    counts.set(reason, (counts.get(reason) ?? 0) + 1)
  }

  samples(): readonly Sample[] {
    return [...this.#counts].flatMap(([topic, counts]) =>
      [...counts].map(
        ([reason, count]) => ['tenseams_dead_letters', { topic, reason }, count] as const,
      ),
    )
  }
}

/**
 * The dead letters of every topic. Each is read once and counted, so a scrape reads what has come since the one before. Those that
 * retention removes stay counted until the exporter starts again.
 */
export function deadLetterSource(client: LogClient): Source {
  const originOf = new Map(readTopics().map(({ name, deadLetter }) => [deadLetter, name]))
  const counts = new DeadLetterCounts([...originOf.values()])
  const next = new Map<string, bigint>()
  const readOn = async (partition: FoundPartition, end: bigint) => {
    const name = nameOf(partition)
    for (let fetches = 0; (next.get(name) ?? 0n) < end && fetches < MOST_FETCHES; fetches += 1) {
      const from = next.get(name) ?? 0n
      const fetched = await client.fetch(partition, from, FETCH_BYTES)
      const begin = fetched?.logStartOffset ?? from
      let last = from < begin ? begin : from
      for (const batch of fetched?.records ?? []) {
        for (const { offsetDelta, headers } of batch.records) {
          if (batch.firstOffset + BigInt(offsetDelta) < from) continue
          counts.add(originOf.get(partition.topic) ?? partition.topic, headers)
        }
        last = batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n
      }
      if (last === from) return
      next.set(name, last)
    }
  }
  return {
    name: 'dead-letters',
    gauges: ['tenseams_dead_letters'],
    keptMs: 0,
    ask: async () => {
      const partitions = await client.partitionsOf([...originOf.keys()])
      const ends = await client.endsOf(partitions)
      for (const partition of partitions) {
        await readOn(partition, ends.get(nameOf(partition))?.stable ?? 0n)
      }
      return counts.samples()
    },
  }
}
