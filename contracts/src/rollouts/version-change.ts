import { ContractNotPublishedError } from '@tenseams/codec/errors'
import type { Compatibility } from '../topics.ts'
import { type Build, EVENTS, eventsFrom, type Facts, type RolloutEvent } from './build.ts'
import {
  exchange,
  isRefusedByRegistry,
  lossesOf,
  type Rollout,
  type RolloutName,
  refusedStep,
  type Step,
} from './rollout.ts'
import type { Sandbox } from './sandbox.ts'

type First = 'consumers' | 'producers' | 'either'

/** A change within one topic: the next version of its schema. */
export type VersionChange = {
  readonly name: RolloutName
  readonly level: Compatibility
  readonly first: First
  readonly before: Build
  readonly after: Build
  /** The facts of the event with this number, as the old producer writes them, and as only the new one can. */
  readonly factsBefore: (index: number) => Facts
  readonly factsAfter: (index: number) => Facts
  /** A version that resembles the right one, and that the level must refuse. */
  readonly forbidden: { readonly what: string; readonly text: string }
}

const orders: Readonly<Record<First, string>> = {
  consumers: 'publish, then consumers, then producers',
  producers: 'publish, then producers, then consumers',
  either: 'publish, then producers and consumers in any order',
}

/**
 * The rollout of a change within one topic. The right order goes through those combinations of old and new producers and
 * consumers that the level promises to work. The combination that it avoids is the wrong order.
 */
export function rolloutOf(change: VersionChange): Rollout {
  const { name, level, first } = change
  return {
    name,
    level,
    order: orders[first],
    right: (sandbox) => inRightOrder(sandbox, change),
    wrong: (sandbox) => inWrongOrder(sandbox, change),
  }
}

async function inRightOrder(sandbox: Sandbox, change: VersionChange): Promise<readonly Step[]> {
  const { first, level, before, after } = change
  const topic = await sandbox.topic(`${change.name}.v1`)
  const group = sandbox.group(topic)
  const runExchange = exchangerOf(sandbox, topic, change)
  await sandbox.publish(topic, before, level)
  const steps = [await runExchange('old producer, old consumer', before, group, before)]
  await sandbox.publish(topic, after, level)
  if (first !== 'producers') {
    steps.push(
      await runExchange('consumers are upgraded: old producer, new consumer', before, group, after),
    )
  }
  if (first !== 'consumers') {
    steps.push(
      await runExchange('producers are upgraded: new producer, old consumer', after, group, before),
    )
  }
  steps.push(
    await runExchange('both are upgraded: new producer, new consumer', after, group, after),
  )
  steps.push(await rollback(runExchange, change, group))
  // FORWARD does not promise that a new reader can read the history.
  if (first !== 'producers') steps.push(await history(sandbox, topic, change, runExchange))
  return steps
}

/** The side that was upgraded last is rolled back first; the other may stay. */
function rollback(
  runExchange: Exchanger,
  { first, before, after }: VersionChange,
  group: Group,
): Promise<Step> {
  return first === 'producers'
    ? runExchange('consumers go back: new producer, old consumer', after, group, before)
    : runExchange('producers go back: old producer, new consumer', before, group, after)
}

async function history(
  sandbox: Sandbox,
  topic: string,
  { after }: VersionChange,
  { written }: Exchanger,
): Promise<Step> {
  const consumed = await sandbox.group(topic).consume(after)
  const what = `a new consumer reads all ${written.length} from the beginning`
  return { what, lost: lossesOf(written, consumed) }
}

async function inWrongOrder(sandbox: Sandbox, change: VersionChange): Promise<readonly Step[]> {
  const { first, level, before, after, forbidden } = change
  const topic = await sandbox.topic(`${change.name}-wrong.v1`)
  const runExchange = exchangerOf(sandbox, topic, change)
  await sandbox.publish(topic, before, level)
  const steps = [
    await refusedStep(
      'a new producer starts before its contract is published',
      () => runExchange('', after, sandbox.group(topic), before),
      (error) => error instanceof ContractNotPublishedError,
    ),
    await refusedStep(
      `${forbidden.what} is published`,
      () => {
        const contract = { ...after.contract, text: forbidden.text }
        return sandbox.publish(topic, { ...after, contract }, level)
      },
      isRefusedByRegistry,
    ),
  ]
  if (first === 'either') return steps
  await sandbox.publish(topic, after, level)
  const group = sandbox.group(topic)
  const wrong =
    first === 'consumers'
      ? await runExchange('producers go first: new producer, old consumer', after, group, before)
      : await runExchange('consumers go first: old producer, new consumer', before, group, after)
  return [...steps, wrong]
}

type Group = ReturnType<Sandbox['group']>

/** Runs an exchange with events that no other exchange had. */
type Exchanger = {
  (what: string, producer: Build, group: Group, consumer: Build): Promise<Step>
  /** All events written so far. */
  readonly written: readonly RolloutEvent[]
}

function exchangerOf(sandbox: Sandbox, topic: string, change: VersionChange): Exchanger {
  const { factsBefore, factsAfter, before } = change
  const written: RolloutEvent[] = []
  const runExchange = async (what: string, producer: Build, group: Group, consumer: Build) => {
    const facts = producer === before ? factsBefore : factsAfter
    const events = eventsFrom(written.length / EVENTS, facts)
    const step = await exchange(sandbox, { what, topic, producer, group, consumer, events })
    written.push(...events)
    return step
  }
  return Object.assign(runExchange, { written })
}
