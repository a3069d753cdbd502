import type { Compatibility } from '../topics.ts'
import { avroText, type Build, type DanceEvent, envelopeOf, eventsFrom, headOf } from './build.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import {
  type Dance,
  exchange,
  isRefusedByRegistry,
  lossesOf,
  refusedStep,
  type Step,
} from './rollout.ts'
import type { Stage } from './stage.ts'

const level: Compatibility = 'FULL_TRANSITIVE'

/** Money as a binary fraction, which no later version of the same topic may ever change. */
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

const eventsOf = (turn: number) =>
  eventsFrom(turn, (index) => ({ amountMinor: BigInt(1_999 + 100 * index) }))

/**
 * A change that no level allows goes to a topic of its own, `.v2`, and a translator carries the old topic over. It keeps
 * event ids, so that what it carries twice is dropped, and keys, so that order stays; it ends when the old producer has
 * ended and everything is carried, and only then may the new one begin.
 */
export const breakingByNewTopic: Dance = {
  name: 'breaking-by-new-topic',
  level,
  order: 'new topic, translator, consumers, old producer stops, translator drains, new producer',
  right: inRightOrder,
  wrong: inWrongOrder,
}

type Scene = {
  readonly old: string
  readonly next: string
  readonly translator: ConsumerGroup
  readonly readers: ConsumerGroup
}

async function sceneOf(stage: Stage, name: string): Promise<Scene> {
  const old = await stage.topic(`${name}.v1`)
  const next = await stage.topic(`${name}.v2`)
  await stage.publish(old, before, level)
  await stage.publish(next, after, level)
  return { old, next, translator: stage.group(old), readers: stage.group(next) }
}

/** Reads the old topic to its end and writes the same events to the new one; commits after that, unless it is killed. */
async function translate(stage: Stage, { translator, next }: Scene, { commit = true } = {}) {
  const { understood } = await translator.consume(before, { commit, dropRepeats: false })
  if (understood.length > 0) await stage.produce(next, after, understood)
}

async function inRightOrder(stage: Stage): Promise<readonly Step[]> {
  const scene = await sceneOf(stage, 'breaking-by-new-topic')
  const { old, next, readers } = scene
  const oldReaders = stage.group(old)
  const [first, second, third] = [eventsOf(0), eventsOf(1), eventsOf(2)]
  const steps = [
    await exchange(stage, {
      ...{ what: 'old producer, old consumer, on .v1', topic: old },
      ...{ producer: before, group: oldReaders, consumer: before, events: first },
    }),
  ]
  await translate(stage, scene, { commit: false })
  await translate(stage, scene)
  steps.push({
    what: 'consumers go over: old producer, translator (killed once before its commit), new consumer on .v2',
    lost: lossesOf(first, await readers.consume(after)),
  })
  steps.push(
    await exchange(stage, {
      ...{ what: 'who has not gone over yet reads on, on .v1', topic: old },
      ...{ producer: before, group: oldReaders, consumer: before, events: second },
    }),
  )
  await translate(stage, scene)
  await stage.produce(next, after, third)
  const consumed = await readers.consume(after)
  steps.push({
    what: 'the translator has drained .v1, then the producer goes over: order by key stays',
    lost: [...lossesOf([...second, ...third], consumed), ...disorder(consumed.understood, 2n)],
  })
  const whole = await stage.group(next).consume(after)
  steps.push({
    what: 'a new consumer reads all of .v2 from the beginning',
    lost: [...lossesOf([...first, ...second, ...third], whole), ...disorder(whole.understood, 0n)],
  })
  return steps
}

async function inWrongOrder(stage: Stage): Promise<readonly Step[]> {
  const scene = await sceneOf(stage, 'breaking-by-new-topic-wrong')
  const { old, next, readers } = scene
  const refused = await refusedStep(
    'the breaking version is published for .v1',
    () => stage.publish(old, after, level),
    isRefusedByRegistry,
  )
  const [first, second] = [eventsOf(0), eventsOf(1)]
  await stage.produce(old, before, first)
  await stage.produce(next, after, second)
  const leftBehind = await stage.group(old).consume(before)
  await translate(stage, scene)
  const { understood } = await readers.consume(after)
  await translate(stage, { ...scene, translator: stage.group(old) })
  const careless = await readers.consume(after, { dropRepeats: false })
  return [
    refused,
    {
      what: 'the producer goes over before a consumer of .v1',
      lost: lossesOf([...first, ...second], leftBehind),
    },
    {
      what: 'the producer goes over before the translator has drained .v1',
      lost: disorder(understood, 0n),
    },
    {
      what: 'a consumer of .v2 does not drop what the translator carries a second time',
      lost: lossesOf([], careless),
    },
  ]
}

/** Keys whose events were not read in the order of their versions. @param last the version read before them. */
function disorder(events: readonly DanceEvent[], last: bigint): readonly string[] {
  const keys = [...new Set(events.map(({ key }) => key))]
  return keys.flatMap((key) => {
    const versions = events.filter((event) => event.key === key).map(({ version }) => version)
    const isOrdered = versions.every((version, place) => version === last + BigInt(place) + 1n)
    return isOrdered ? [] : [`${key} was read in the order ${versions.join(', ')}`]
  })
}
