import { setTimeout as delay } from 'node:timers/promises'
import { messageOf } from '@tenseams/service/causes'
import { withTimeout } from '@tenseams/service/timeout'

export type Waiting = {
  readonly timeoutMs: number
  /** The condition, as the end of "waited N ms for …". */
  readonly what: string
  readonly intervalMs?: number
}

/** The condition did not hold in time. The cause is the last error of the check. */
export class WaitTimeoutError extends Error {
  readonly code = 'WAIT_TIMEOUT'
}

/**
 * Repeats the check until it neither throws nor returns `undefined` or `false`, and returns its result. A failing `expect`
 * in the check means "not yet", so a wait reads like an assertion.
 *
 * @throws WaitTimeoutError after `timeoutMs`, even while a check hangs, with the last result or error in its message.
 */
export async function eventually<Value>(
  check: () => Promise<Value> | Value,
  waiting: Waiting,
): Promise<Exclude<Value, undefined | false>> {
  const deadline = performance.now() + waiting.timeoutMs
  let last: Answer<Value> = { failure: new Error('the check never answered') }
  while (performance.now() < deadline) {
    const answer = await within(deadline - performance.now(), ask(check))
    if (answer === 'timeout') break
    if (isHeld(answer)) return answer.value
    last = answer
    await delay(Math.min(waiting.intervalMs ?? 100, Math.max(0, deadline - performance.now())))
  }
  throw new WaitTimeoutError(
    `waited ${waiting.timeoutMs} ms for ${waiting.what}; ${lastWords(last)}`,
    { cause: 'failure' in last ? last.failure : undefined },
  )
}

type Answer<Value> = { readonly value: Value } | { readonly failure: unknown }

async function ask<Value>(check: () => Promise<Value> | Value): Promise<Answer<Value>> {
  try {
    return { value: await check() }
  } catch (failure) {
    return { failure }
  }
}

function isHeld<Value>(
  answer: Answer<Value>,
): answer is { value: Exclude<Value, undefined | false> } {
  return 'value' in answer && answer.value !== undefined && answer.value !== false
}

const tooLate = new Error('too late')

async function within<Value>(leftMs: number, work: Promise<Value>): Promise<Value | 'timeout'> {
  try {
    return await withTimeout(work, Math.max(1, leftMs), () => tooLate)
  } catch (error) {
    if (error === tooLate) return 'timeout'
    throw error
  }
}

function lastWords(last: Answer<unknown>): string {
  if ('value' in last) return `the last answer was ${String(last.value)}`
  const { failure } = last
  return `the last failure was: ${messageOf(failure)}`
}
