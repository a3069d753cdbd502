import kafkajs from 'kafkajs'
import { PublishError } from '../errors.ts'
import { type Rollout, type RolloutResult, runBothOrders, type Step } from './rollout.ts'
import { Sandbox, type SandboxOptions } from './sandbox.ts'
import { breakingByNewTopic } from './to-a-new-topic.ts'
import {
  addEventType,
  addOptionalField,
  addRequiredField,
  renameByAlias,
} from './within-a-topic.ts'

export const rollouts: readonly Rollout[] = [
  addOptionalField,
  renameByAlias,
  addEventType,
  addRequiredField,
  breakingByNewTopic,
]

/** The rollout with its wrong order in place of the right one. It must be refuted. */
export function withoutOrder(rollout: Rollout): Rollout {
  return { ...rollout, right: rollout.wrong }
}

/** One line per rollout, for the help text. */
export function rolloutLines(): string {
  return rollouts
    .map(({ name, level, order }) => `    ${name.padEnd(22)} ${level}: ${order}`)
    .join('\n')
}

/**
 * Runs a rollout in a sandbox of its own, which is removed at the end, also after Ctrl-C.
 *
 * @throws PublishError, StoppedError and the codec's errors when the result is undecided.
 */
export async function runRollout(
  rollout: Rollout,
  options: SandboxOptions,
  say: (line: string) => unknown,
): Promise<RolloutResult> {
  say(`${rollout.name} at ${rollout.level}: ${rollout.order}`)
  const sandbox = await Sandbox.open(options)
  const stopped = Promise.withResolvers<never>()
  const stop = () => stopped.reject(new StoppedError('stopped before the end'))
  process.once('SIGINT', stop).once('SIGTERM', stop)
  try {
    const result = await Promise.race([
      runBothOrders(rollout, sandbox, (order, step) => say(lineOf(order, step))),
      stopped.promise,
    ])
    say(result.holds ? 'the right order held, every wrong one failed' : 'REFUTED')
    return result
  } catch (error) {
    if (!(error instanceof kafkajs.KafkaJSError)) throw error
    throw new PublishError('a request to the broker failed', {
      cause: error,
      retriable: true,
    })
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop)
    await sandbox.close()
  }
}

/** The run was interrupted, so its result is undecided. */
export class StoppedError extends Error {
  readonly code = 'ROLLOUT_STOPPED'
  readonly retriable = true
}

function lineOf(order: 'right' | 'wrong', { what, lost }: Step): string {
  const isAsExpected = (lost.length === 0) === (order === 'right')
  const mark = isAsExpected ? (order === 'right' ? 'ok' : 'fails, as it must') : 'REFUTED'
  const details = lost.map((sentence) => `\n        ${sentence}`)
  return `  ${order} order  ${mark}: ${what}${details.join('')}`
}
