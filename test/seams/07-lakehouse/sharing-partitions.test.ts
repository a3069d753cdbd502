import type { Encoder } from '@tenseams/codec/codec'
import { eventually } from '@tenseams/local/launcher/host/wait'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { useStack } from '../../support/stack.ts'
import { OwnBronze, type OwnTopic } from './own-bronze.ts'

/** Several processes of the service; one is killed and another joins while records arrive. */

const BATCH = 400
const PARTITIONS = [0, 1, 2, 3]
const TIMEOUT_MS = 300_000
const text = JSON.stringify({
  ...{ type: 'record', name: 'Thing', namespace: 'test', doc: 'Something that a test makes.' },
  fields: [{ name: 'eventId', type: 'string', doc: 'The id.' }],
})

let own: OwnBronze

beforeAll(async () => {
  own = await OwnBronze.open(await useStack())
})

afterAll(() => own.close())

/** Writes batch after batch until it is told to stop. */
class Load {
  readonly #running: Promise<void>
  #stopped = false
  sent = 0

  constructor(topics: readonly OwnTopic[], encoder: Encoder<unknown>) {
    this.#running = this.#run(topics, encoder)
  }

  async #run(topics: readonly OwnTopic[], encoder: Encoder<unknown>): Promise<void> {
    while (!this.#stopped) {
      const values = Array.from({ length: BATCH }, (_, index) =>
        encoder.encode({ eventId: `thing-${this.sent + index}` }),
      )
      for (const topic of topics) await topic.send(values)
      this.sent += BATCH
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
  }
}

describe('instances that share the partitions of a topic', () => {
  test(
    'write each record once, though one is killed and another one joins under load',
    async () => {
      const topic = await own.topic('avro', text)
      const encoder = await topic.publish(text)
      const [one, two] = [own.start([topic]), own.start([topic])]
      await Promise.all([one.ready(), two.ready()])
      const load = new Load([topic], encoder)
      try {
        await commits(one)
        await commits(two)
        await one.end('SIGKILL')
        // The other's partitions begin at the table's offsets, not at those of when this instance opened the table.
        await allGoOn(topic)
        const three = own.start([topic])
        await commits(three)
        await allGoOn(topic)
        await commits(two)
      } finally {
        await load.stop()
      }
      await topic.expectEachOnce(load.sent)
    },
    TIMEOUT_MS,
  )
})

describe('instances with a table each', () => {
  test(
    'get only partitions of topics that they read; a killed one stops no other, and its successor continues',
    async () => {
      const topics = [await own.topic('avro', text), await own.topic('avro', text)] as const
      const encoders = await Promise.all(topics.map((topic) => topic.publish(text)))
      const [one, two] = [own.start([topics[0]]), own.start([topics[1]])]
      await Promise.all([one.ready(), two.ready()])
      // Two subjects, one text: the registry has one id for both.
      const load = new Load(topics, encoders[0] as Encoder<unknown>)
      try {
        await commits(one)
        await commits(two)
        await one.end('SIGKILL')
        await commits(two)
        await commits(two)
        const next = own.start([topics[0]])
        await commits(next)
        await commits(two)
      } finally {
        await load.stop()
      }
      await topics[0].expectEachOnce(load.sent)
      await topics[1].expectEachOnce(load.sent)
    },
    TIMEOUT_MS,
  )
})

/** Resolves when the instance has committed more rows. */
async function commits(instance: ReturnType<OwnBronze['start']>): Promise<void> {
  const name = 'tenseams_lakehouse_commits_total'
  const before = await instance.metric(name).catch(() => 0)
  const more = async () => (await instance.metric(name)) > before
  await eventually(more, { timeoutMs: 60_000, what: 'an instance to commit', intervalMs: 50 })
}

/** Resolves when the table has new rows of every partition. */
async function allGoOn(topic: OwnTopic): Promise<void> {
  const offsets = () => Promise.all(PARTITIONS.map((partition) => topic.nextOffset(partition)))
  const before = await offsets()
  const areBehind = async () => {
    const now = await offsets()
    return now.every((offset, index) => (offset ?? 0n) > (before[index] ?? 0n))
  }
  const what = 'every partition to go on'
  await eventually(areBehind, { timeoutMs: 60_000, what, intervalMs: 100 })
}
