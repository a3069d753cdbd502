import type { Compatibility } from '../topics.ts'
import { type Build, isSame, type RolloutEvent } from './build.ts'
import type { Consumed, ConsumerGroup } from './consumer-group.ts'
import type { Sandbox } from './sandbox.ts'

/** One step of a rollout, and which of its events did not arrive as written. */
export type Step = {
  readonly what: string
  /** One sentence per kind of loss; empty when every event arrived with all facts that its reader knows. */
  readonly lost: readonly string[]
}

/** The rollouts that can be run. The gate's advice names them. */
export type RolloutName =
  | 'add-optional-field'
  | 'rename-by-alias'
  | 'add-event-type'
  | 'add-required-field'
  | 'breaking-by-new-topic'

/** The rolling upgrade of a contract: the order of its deployments, and what goes wrong in another order. */
export type Rollout = {
  readonly name: RolloutName
  readonly level: Compatibility
  /** Who goes first, in words. */
  readonly order: string
  /** Runs the right order: no step may lose anything. */
  readonly right: (sandbox: Sandbox) => Promise<readonly Step[]>
  /** Runs the wrong order: each step must lose something or be refused. A step that loses nothing refutes the rollout. */
  readonly wrong: (sandbox: Sandbox) => Promise<readonly Step[]>
}

export type RolloutResult = {
  readonly right: readonly Step[]
  readonly wrong: readonly Step[]
  /** True when the right order lost nothing and every step of the wrong one failed. */
  readonly holds: boolean
}

type OnStep = (order: 'right' | 'wrong', step: Step) => void

/** Runs both orders. @throws what makes the result undecided, such as a broker or registry that is unavailable. */
export async function runBothOrders(
  rollout: Rollout,
  sandbox: Sandbox,
  onStep: OnStep,
): Promise<RolloutResult> {
  const right = await rollout.right(sandbox)
  for (const step of right) onStep('right', step)
  const wrong = await rollout.wrong(sandbox)
  for (const step of wrong) onStep('wrong', step)
  return { right, wrong, holds: judge(right, wrong) }
}

/** An order without steps has proven nothing, so it counts as refuted. */
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
  readonly events: readonly RolloutEvent[]
}

/** A producer of one build writes, then a consumer of another build reads. */
export async function exchange(sandbox: Sandbox, exchanged: Exchange): Promise<Step> {
  const { what, topic, producer, group, consumer, events } = exchanged
  await sandbox.produce(topic, producer, events)
  return { what, lost: lossesOf(events, await group.consume(consumer)) }
}

/** The written events that the reader did not understand, understood wrongly, or got twice. */
export function lossesOf(written: readonly RolloutEvent[], consumed: Consumed): readonly string[] {
  const { understood, deadLetters, skipped } = consumed
  const found = new Map(understood.map((event) => [event.id, event]))
  const missing = written.filter(({ id }) => !found.has(id))
  const changed = written.filter((event) => {
    const read = found.get(event.id)
    return read !== undefined && !isSame(read, event)
  })
  const doubled = understood.length - found.size
  const ids = new Set(written.map(({ id }) => id))
  const unexpected = understood.filter(({ id }) => !ids.has(id))
  return [
    ...(missing.length === 0
      ? []
      : [`${missing.length} of ${written.length} did not arrive${whyOf(deadLetters, skipped)}`]),
    ...(doubled === 0 ? [] : [`${doubled} arrived twice`]),
    ...changed.map(({ id }) => `${id} arrived changed`),
    ...unexpected.map(({ id }) => `${id} arrived, but was never written`),
  ]
}

function whyOf(deadLetters: readonly string[], skipped: number): string {
  const reasons = [...new Set(deadLetters)].map((reason) => reason.slice(0, 200))
  return [
    ...(deadLetters.length === 0
      ? []
      : [`; ${deadLetters.length} became dead letters: ${reasons.join(', ')}`]),
    ...(skipped === 0 ? [] : [`; ${skipped} were skipped and committed`]),
  ].join('')
}

/** A step that must be refused: the refusal counts as its loss, so a success refutes the rollout. */
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

/** True for the registry's answer to a version that the subject's level does not allow. */
export function isRefusedByRegistry(error: Error): boolean {
  return error.message.includes('the registry answered 409')
}
