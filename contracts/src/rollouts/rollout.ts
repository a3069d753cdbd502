import type { Compatibility } from '../topics.ts'
import { type Build, type DanceEvent, isSame } from './build.ts'
import type { Consumed, ConsumerGroup } from './consumer-group.ts'
import type { Stage } from './stage.ts'

/** One step of a dance, and what of its events did not arrive as it was written. */
export type Step = {
  readonly what: string
  /** Sentences; none when every event has arrived, with all that its reader can know of it. */
  readonly lost: readonly string[]
}

export type Dance = {
  readonly name: string
  readonly level: Compatibility
  /** Who goes first, in words. */
  readonly order: string
  /** In the right order: no step may lose anything. */
  readonly right: (stage: Stage) => Promise<readonly Step[]>
  /** What must fail: each step must lose something, or be refused. A step that holds refutes the dance. */
  readonly wrong: (stage: Stage) => Promise<readonly Step[]>
}

export type Danced = {
  readonly right: readonly Step[]
  readonly wrong: readonly Step[]
  /** The right order held, and every wrong one failed. */
  readonly holds: boolean
}

type OnStep = (order: 'right' | 'wrong', step: Step) => void

/** Dances both orders. @throws whatever keeps it from being decided: a broker or registry that is away. */
export async function perform(dance: Dance, stage: Stage, onStep?: OnStep): Promise<Danced> {
  const right = await dance.right(stage)
  for (const step of right) onStep?.('right', step)
  const wrong = await dance.wrong(stage)
  for (const step of wrong) onStep?.('wrong', step)
  return { right, wrong, holds: judge(right, wrong) }
}

/** Nothing that was not tried counts: an empty order refutes, too. */
export function judge(right: readonly Step[], wrong: readonly Step[]): boolean {
  const held = right.length > 0 && right.every(({ lost }) => lost.length === 0)
  return held && wrong.length > 0 && wrong.every(({ lost }) => lost.length > 0)
}

type Exchange = {
  readonly what: string
  readonly topic: string
  readonly producer: Build
  readonly group: ConsumerGroup
  readonly consumer: Build
  readonly events: readonly DanceEvent[]
}

/** A producer of one build writes, a consumer of another reads. */
export async function exchange(stage: Stage, exchanged: Exchange): Promise<Step> {
  const { what, topic, producer, group, consumer, events } = exchanged
  await stage.produce(topic, producer, events)
  return { what, lost: lossesOf(events, await group.consume(consumer)) }
}

/** What of the written events the reader did not understand, or understood as something else. */
export function lossesOf(written: readonly DanceEvent[], consumed: Consumed): readonly string[] {
  const { understood, deadLetters, passedOver } = consumed
  const found = new Map(understood.map((event) => [event.id, event]))
  const missing = written.filter(({ id }) => !found.has(id))
  const changed = written.filter((event) => {
    const read = found.get(event.id)
    return read !== undefined && !isSame(read, event)
  })
  const doubled = understood.length - found.size
  const ids = new Set(written.map(({ id }) => id))
  const strange = understood.filter(({ id }) => !ids.has(id))
  return [
    ...(missing.length === 0
      ? []
      : [`${missing.length} of ${written.length} did not arrive${whyOf(deadLetters, passedOver)}`]),
    ...(doubled === 0 ? [] : [`${doubled} arrived twice`]),
    ...changed.map(({ id }) => `${id} arrived changed`),
    ...strange.map(({ id }) => `${id} arrived, which nobody wrote here`),
  ]
}

function whyOf(deadLetters: readonly string[], passedOver: number): string {
  const reasons = [...new Set(deadLetters)].map((reason) => reason.slice(0, 200))
  return [
    ...(deadLetters.length === 0
      ? []
      : [`; ${deadLetters.length} became dead letters: ${reasons.join(', ')}`]),
    ...(passedOver === 0 ? [] : [`; ${passedOver} were passed over and committed`]),
  ].join('')
}

/** Something that must be refused: its refusal is the loss, its success is none. */
export async function refusedStep(
  what: string,
  attempt: () => Promise<unknown>,
  isRefusal: (error: Error) => boolean,
): Promise<Step> {
  try {
    await attempt()
    return { what, lost: [] }
  } catch (error) {
    if (!(error instanceof Error) || !isRefusal(error)) throw error
    return { what, lost: [`refused: ${error.message.slice(0, 200)}`] }
  }
}

/** The registry's answer to a version that its level does not allow. */
export function isRefusedByRegistry(error: Error): boolean {
  return error.message.includes('the registry answered 409')
}
