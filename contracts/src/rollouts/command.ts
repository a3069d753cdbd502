import kafkajs from 'kafkajs'
import { PublishError } from '../errors.ts'
import { type Dance, type Danced, perform, type Step } from './rollout.ts'
import { Stage, type StageOptions } from './stage.ts'
import { breakingByNewTopic } from './to-a-new-topic.ts'
import {
  addEventType,
  addOptionalField,
  addRequiredField,
  renameByAlias,
} from './within-a-topic.ts'

export const dances: readonly Dance[] = [
  addOptionalField,
  renameByAlias,
  addEventType,
  addRequiredField,
  breakingByNewTopic,
]

/** The dance with its guard switched off: the order. It must be refuted. */
export function withoutOrder(dance: Dance): Dance {
  return { ...dance, right: dance.wrong }
}

/** The dances by name, one a line. */
export function danceLines(): string {
  return dances
    .map(({ name, level, order }) => `    ${name.padEnd(22)} ${level}: ${order}`)
    .join('\n')
}

/**
 * Dances on a stage of its own, which is removed at the end, also after Ctrl-C.
 *
 * @throws PublishError and the codec's errors when it cannot be decided.
 */
export async function runDance(
  dance: Dance,
  options: StageOptions,
  say: (line: string) => unknown,
): Promise<Danced> {
  say(`${dance.name} at ${dance.level}: ${dance.order}`)
  const stage = await Stage.open(options)
  const stopped = Promise.withResolvers<never>()
  const stop = () => stopped.reject(new StoppedError('stopped before the end'))
  process.once('SIGINT', stop).once('SIGTERM', stop)
  try {
    const danced = await Promise.race([
      perform(dance, stage, (order, step) => say(lineOf(order, step))),
      stopped.promise,
    ])
    say(danced.holds ? 'the right order held, every wrong one failed' : 'REFUTED')
    return danced
  } catch (error) {
    if (!(error instanceof kafkajs.KafkaJSError)) throw error
    throw new PublishError('the broker did not answer as it should', {
      cause: error,
      retriable: true,
    })
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop)
    await stage.close()
  }
}

/** Somebody ended it: nothing is decided. */
export class StoppedError extends Error {
  readonly code = 'DANCE_STOPPED'
  readonly retriable = true
}

function lineOf(order: 'right' | 'wrong', { what, lost }: Step): string {
  const isAsExpected = (lost.length === 0) === (order === 'right')
  const mark = isAsExpected ? (order === 'right' ? 'ok' : 'fails, as it must') : 'REFUTED'
  const details = lost.map((sentence) => `\n        ${sentence}`)
  return `  ${order} order  ${mark}: ${what}${details.join('')}`
}
