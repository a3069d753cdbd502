import { ContractNotPublishedError } from '@tenseams/codec/errors'
import type { Compatibility } from '../topics.ts'
import { type Build, type DanceEvent, EVENTS, eventsFrom } from './build.ts'
import {
  type Dance,
  exchange,
  isRefusedByRegistry,
  lossesOf,
  refusedStep,
  type Step,
} from './rollout.ts'
import type { Stage } from './stage.ts'

type First = 'consumers' | 'producers' | 'either'

/** A change within one topic: a further version of its schema. */
export type Evolution = {
  readonly name: string
  readonly level: Compatibility
  readonly first: First
  readonly before: Build
  readonly after: Build
  /** What the events say, from their number: such as the old producer writes, and such as only the new one can. */
  readonly factsBefore: (index: number) => DanceFacts
  readonly factsAfter: (index: number) => DanceFacts
  /** A version that looks like the right one and that the level must refuse. */
  readonly forbidden: { readonly what: string; readonly text: string }
}

type DanceFacts = Readonly<Record<string, string | bigint | null>>

const orders: Readonly<Record<First, string>> = {
  consumers: 'publish, then consumers, then producers',
  producers: 'publish, then producers, then consumers',
  either: 'publish, then whoever is ready',
}

/**
 * The dance of a change within one topic. Of the four combinations of old and new producers and consumers, the right
 * order goes through those that its level promises; the one that it avoids is danced as the wrong order.
 */
export function evolution(change: Evolution): Dance {
  const { name, level, first } = change
  return {
    name,
    level,
    order: orders[first],
    right: (stage) => inRightOrder(stage, change),
    wrong: (stage) => inWrongOrder(stage, change),
  }
}

async function inRightOrder(stage: Stage, change: Evolution): Promise<readonly Step[]> {
  const { first, level, before, after } = change
  const topic = await stage.topic(`${change.name}.v1`)
  const group = stage.group(topic)
  const play = playerOf(stage, topic, change)
  await stage.publish(topic, before, level)
  const steps = [await play('old producer, old consumer', before, group, before)]
  await stage.publish(topic, after, level)
  if (first !== 'producers') {
    steps.push(await play('consumers go over: old producer, new consumer', before, group, after))
  }
  if (first !== 'consumers') {
    steps.push(await play('producers go over: new producer, old consumer', after, group, before))
  }
  steps.push(await play('both are over: new producer, new consumer', after, group, after))
  steps.push(await wayBack(play, change, group))
  // Where only writers may be ahead, nobody promises that history can be read again.
  if (first !== 'producers') steps.push(await history(stage, topic, change, play))
  return steps
}

/** Whoever went last goes back first; the one who went first may stay. */
function wayBack(play: Play, { first, before, after }: Evolution, group: Group): Promise<Step> {
  return first === 'producers'
    ? play('consumers go back: new producer, old consumer', after, group, before)
    : play('producers go back: old producer, new consumer', before, group, after)
}

async function history(
  stage: Stage,
  topic: string,
  { after }: Evolution,
  { written }: Play,
): Promise<Step> {
  const consumed = await stage.group(topic).consume(after)
  const what = `a new consumer reads all ${written.length} from the beginning`
  return { what, lost: lossesOf(written, consumed) }
}

async function inWrongOrder(stage: Stage, change: Evolution): Promise<readonly Step[]> {
  const { first, level, before, after, forbidden } = change
  const topic = await stage.topic(`${change.name}-wrong.v1`)
  const play = playerOf(stage, topic, change)
  await stage.publish(topic, before, level)
  const steps = [
    await refusedStep(
      'a new producer starts before its contract is published',
      () => play('', after, stage.group(topic), before),
      (error) => error instanceof ContractNotPublishedError,
    ),
    await refusedStep(
      `${forbidden.what} is published`,
      () => {
        const contract = { ...after.contract, text: forbidden.text }
        return stage.publish(topic, { ...after, contract }, level)
      },
      isRefusedByRegistry,
    ),
  ]
  if (first === 'either') return steps
  await stage.publish(topic, after, level)
  const group = stage.group(topic)
  const wrong =
    first === 'consumers'
      ? await play('producers go first: new producer, old consumer', after, group, before)
      : await play('consumers go first: old producer, new consumer', before, group, after)
  return [...steps, wrong]
}

type Group = ReturnType<Stage['group']>

type Play = {
  (what: string, producer: Build, group: Group, consumer: Build): Promise<Step>
  /** Everything that was written so far. */
  readonly written: readonly DanceEvent[]
}

/** Each exchange takes events that no other one had. */
function playerOf(stage: Stage, topic: string, change: Evolution): Play {
  const { factsBefore, factsAfter, before } = change
  const written: DanceEvent[] = []
  const play = async (what: string, producer: Build, group: Group, consumer: Build) => {
    const facts = producer === before ? factsBefore : factsAfter
    const events = eventsFrom(written.length / EVENTS, facts)
    const step = await exchange(stage, { what, topic, producer, group, consumer, events })
    written.push(...events)
    return step
  }
  return Object.assign(play, { written })
}
