import { backoffMs } from '@tenseams/service/backoff'
import { causesOf } from '@tenseams/service/causes'
import { type Fault, faultOf } from '@tenseams/service/fault'

/** What to do with a record whose handler failed. */
export type Verdict =
  | {
      readonly kind: 'wait'
      readonly delayMs: number
      /** An outage and what is held concern the other records, too. Only an outage is shown by readiness. */
      readonly fault: Fault | 'early' | 'held'
      /** The error's code and message, for readiness and the log. */
      readonly cause: string
    }
  | {
      readonly kind: 'dead-letter'
      readonly reason: string
      readonly detail: string
      readonly stack: string
    }

/** How long a record has been failing. */
export type Failing = {
  /** How often, from 1. */
  readonly attempt: number
  /** Since it was written, or since it failed here first, whichever is longer. */
  readonly ageMs: number
}

const LEAST_ATTEMPTS = 10
/**
 * An outage is never the record's fault, but an error that is taken for one may be (a 404 for one payment only). So after
 * a week, of which at least an hour was spent on this record by this process, it is dead-lettered nevertheless.
 */
const OUTAGE = { ageMs: 7 * 86_400_000, attempts: 1_000 }
const RETRY = { firstMs: 100, longestMs: 5_000 }
/** So long after somebody lets it go on, it goes on. */
const HELD_MS = 2_000
/** Headers count towards the size of the dead-letter record, which must not be refused because of them. */
const DETAIL_CHARACTERS = 500
const STACK_CHARACTERS = 2_000

/**
 * The record came before something that it follows from, and that is about to arrive. It waits at most `waitsAtMostMs` by
 * its age, and for at least ten attempts; then it is dead-lettered, since nothing may stop its partition for ever.
 */
export abstract class TooEarlyError extends Error {
  abstract readonly code: string
  abstract readonly waitsAtMostMs: number
}

/**
 * Somebody holds back what the record asks for, such as captures that are frozen. The record waits for as long as that is so:
 * it is nobody's fault, so it is never dead-lettered for it, its attempts are not counted, and readiness stays on.
 */
export abstract class HeldError extends Error {
  abstract readonly code: string
  /** Other callers than readers of records treat it as an outage: they try again later. */
  readonly retriable = true
}

/**
 * Judges by the one table of faults. The record's own fault: a dead letter at once. An outage: wait, at most 5 s at a
 * time. Our own bug, or nobody knows: ten attempts, then a dead letter, because a record must never stop its partition.
 *
 * @param random for the jitter of the pause; a test gives its own.
 */
export function judgeFailure(error: unknown, failing: Failing, random?: () => number): Verdict {
  const { code, detail, stack } = describe(error)
  if (error instanceof HeldError) {
    return { kind: 'wait', delayMs: HELD_MS, fault: 'held', cause: `${code}: ${detail}` }
  }
  const fault = error instanceof TooEarlyError ? 'early' : faultOf(error)
  if (hasWaited(fault, error, failing)) return { kind: 'dead-letter', reason: code, detail, stack }
  const delayMs = pauseMs(failing.attempt, random)
  return { kind: 'wait', delayMs, fault, cause: `${code}: ${detail}` }
}

/** How long a partition pauses after that many failures of its record. */
export function pauseMs(attempt: number, random?: () => number): number {
  return backoffMs(attempt, RETRY, random)
}

/** Whether the record has waited for as long as a failure of that kind may take. */
function hasWaited(fault: Fault | 'early', error: unknown, { attempt, ageMs }: Failing): boolean {
  switch (fault) {
    case 'record':
      return true
    case 'bug':
      return attempt >= LEAST_ATTEMPTS
    case 'early':
      return attempt >= LEAST_ATTEMPTS && ageMs >= (error as TooEarlyError).waitsAtMostMs
    case 'outage':
      return attempt >= OUTAGE.attempts && ageMs >= OUTAGE.ageMs
  }
}

function describe(error: unknown) {
  if (!(error instanceof Error)) {
    return { code: 'unknown', detail: String(error).slice(0, DETAIL_CHARACTERS), stack: '' }
  }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name
  return {
    code: code.toLowerCase().replaceAll('_', '-'),
    detail: error.message.slice(0, DETAIL_CHARACTERS),
    stack: framesOf(error).slice(0, STACK_CHARACTERS),
  }
}

/** Where the error and its causes were thrown, without their messages, which may hold the record's data. */
function framesOf(error: Error): string {
  return [...causesOf(error)]
    .map((cause) => {
      const frames = (cause.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
      return [cause.constructor.name, ...frames].join('\n')
    })
    .join('\ncaused by ')
}
