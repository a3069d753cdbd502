import type { Compatibility } from '../topics.ts'
import { avroText, type Build, envelopeOf, eventsFrom, headOf, type RolloutEvent } from './build.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import {
  exchange,
  isRefusedByRegistry,
  lossesOf,
  type Rollout,
  refusedStep,
  type Step,
} from './rollout.ts'
import type { Sandbox } from './sandbox.ts'

const level: Compatibility = 'FULL_TRANSITIVE'

/** Money as a binary fraction: a mistake that no later version of the same topic may correct. */
const before: Build = {
  contract: {
    format: 'avro',
    text: avroText('PriceNoted', [{ name: 'amount', type: 'double' }]),
  },
  write: (event) => ({ ...envelopeOf(event), amount: Number(event.amountMinor) / 100 }),
  read: (value) => ({
    ...headOf(value),
    amountMinor: BigInt(Math.round(Number(value.amount) * 100)),
  }),
}

const after: Build = {
  contract: {
    format: 'avro',
    text: avroText('PriceNoted', [
      { name: 'amountMinor', type: 'long' },
      { name: 'currency', type: 'string' },
    ]),
  },
  write: (event) => ({
    ...envelopeOf(event),
    amountMinor: event.amountMinor,
    currency: event.currency ?? 'EUR',
  }),
  read: (value) => ({ ...headOf(value), amountMinor: value.amountMinor as bigint }),
}

const eventsOf = (batch: number) =>
  eventsFrom(batch, (index) => ({ amountMinor: BigInt(1_999 + 100 * index) }))

/**
 * A change that no level allows goes to a new topic, `.v2`, and a translator copies the old topic into it. The translator
 * keeps event ids, so that consumers drop what it copies twice, and keys, so that the order of a key stays. It ends when
 * the old producer has stopped and every record is copied. Only then may the new producer start.
 */
export const breakingByNewTopic: Rollout = {
  name: 'breaking-by-new-topic',
  level,
  order: 'new topic, translator, consumers, old producer stops, translator drains, new producer',
  right: inRightOrder,
  wrong: inWrongOrder,
}

type Setup = {
  readonly old: string
  readonly next: string
  readonly translator: ConsumerGroup
  readonly readers: ConsumerGroup
}

async function setUp(sandbox: Sandbox, name: string): Promise<Setup> {
  const old = await sandbox.topic(`${name}.v1`)
  const next = await sandbox.topic(`${name}.v2`)
  await sandbox.publish(old, before, level)
  await sandbox.publish(next, after, level)
  return { old, next, translator: sandbox.group(old), readers: sandbox.group(next) }
}

/**
 * Reads the old topic to its end and writes the same events to the new one.
 *
 * @param commit false for a translator that is killed before its commit.
 */
async function translate(sandbox: Sandbox, { translator, next }: Setup, { commit = true } = {}) {
  const { understood } = await translator.consume(before, { commit, dropRepeats: false })
  if (understood.length > 0) await sandbox.produce(next, after, understood)
}

async function inRightOrder(sandbox: Sandbox): Promise<readonly Step[]> {
  const setup = await setUp(sandbox, 'breaking-by-new-topic')
  const { old, next, readers } = setup
  const oldReaders = sandbox.group(old)
  const [first, second, third] = [eventsOf(0), eventsOf(1), eventsOf(2)]
  const steps = [
    await exchange(sandbox, {
      ...{ what: 'old producer, old consumer, on .v1', topic: old },
      ...{ producer: before, group: oldReaders, consumer: before, events: first },
    }),
  ]
  await translate(sandbox, setup, { commit: false })
  await translate(sandbox, setup)
  steps.push({
    what: 'consumers move: old producer, translator (killed once before its commit), new consumer on .v2',
    lost: lossesOf(first, await readers.consume(after)),
  })
  steps.push(
    await exchange(sandbox, {
      ...{ what: 'a consumer that has not moved goes on reading .v1', topic: old },
      ...{ producer: before, group: oldReaders, consumer: before, events: second },
    }),
  )
  await translate(sandbox, setup)
  await sandbox.produce(next, after, third)
  const consumed = await readers.consume(after)
  steps.push({
    what: 'the translator has drained .v1, then the producer moves: the order of each key stays',
    lost: [...lossesOf([...second, ...third], consumed), ...disorder(consumed.understood, 2n)],
  })
  const whole = await sandbox.group(next).consume(after)
  steps.push({
    what: 'a new consumer reads all of .v2 from the beginning',
    lost: [...lossesOf([...first, ...second, ...third], whole), ...disorder(whole.understood, 0n)],
  })
  return steps
}

async function inWrongOrder(sandbox: Sandbox): Promise<readonly Step[]> {
  const setup = await setUp(sandbox, 'breaking-by-new-topic-wrong')
  const { old, next, readers } = setup
  const refused = await refusedStep(
    'the breaking version is published for .v1',
    () => sandbox.publish(old, after, level),
    isRefusedByRegistry,
  )
  const [first, second] = [eventsOf(0), eventsOf(1)]
  await sandbox.produce(old, before, first)
  await sandbox.produce(next, after, second)
  const leftBehind = await sandbox.group(old).consume(before)
  await translate(sandbox, setup)
  const { understood } = await readers.consume(after)
  await translate(sandbox, { ...setup, translator: sandbox.group(old) })
  const withoutInbox = await readers.consume(after, { dropRepeats: false })
  return [
    refused,
    {
      what: 'the producer moves before a consumer of .v1',
      lost: lossesOf([...first, ...second], leftBehind),
    },
    {
      what: 'the producer moves before the translator has drained .v1',
      lost: disorder(understood, 0n),
    },
    {
      what: 'a consumer of .v2 does not drop what the translator copies a second time',
      lost: lossesOf([], withoutInbox),
    },
  ]
}

/** A sentence for each key whose events were not read in the order of their versions. @param last the version read before them. */
function disorder(events: readonly RolloutEvent[], last: bigint): readonly string[] {
  const keys = [...new Set(events.map(({ key }) => key))]
  return keys.flatMap((key) => {
    const versions = events.filter((event) => event.key === key).map(({ version }) => version)
    const isOrdered = versions.every((version, index) => version === last + BigInt(index) + 1n)
    return isOrdered ? [] : [`${key} was read in the order ${versions.join(', ')}`]
  })
}
