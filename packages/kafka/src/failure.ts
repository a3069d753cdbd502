import { backoffMs } from '@tenseams/service/backoff'
import { causesOf } from '@tenseams/service/causes'

/** What to do with a record whose handler failed. */
export type Verdict =
  | { readonly kind: 'wait'; readonly delayMs: number }
  | {
      readonly kind: 'dead-letter'
      readonly reason: string
      readonly detail: string
      readonly stack: string
    }

const UNKNOWN_FAILURE_ATTEMPTS = 10
const RETRY = { firstMs: 100, longestMs: 5_000 }
/** Headers count towards the size of the dead-letter record, which must not be refused because of them. */
const DETAIL_CHARACTERS = 500
const STACK_CHARACTERS = 2_000

/**
 * An error with `retriable: false` is the record's own fault: it becomes a dead letter. One with `retriable: true` comes
 * from an unavailable dependency: wait, at most 5 s at a time, for as long as it takes. An error with neither gets ten
 * attempts and then becomes a dead letter, because a record must never stop its partition.
 *
 * @param attempt how often this record has failed, from 1.
 * @param random for the jitter of the pause; a test gives its own.
 */
export function judgeFailure(error: unknown, attempt: number, random?: () => number): Verdict {
  const { code, detail, stack, retriable } = describe(error)
  const isPermanent =
    retriable === false || (retriable === undefined && attempt >= UNKNOWN_FAILURE_ATTEMPTS)
  if (isPermanent) return { kind: 'dead-letter', reason: code, detail, stack }
  return { kind: 'wait', delayMs: backoffMs(attempt, RETRY, random) }
}

function describe(error: unknown) {
  if (!(error instanceof Error)) {
    const detail = String(error).slice(0, DETAIL_CHARACTERS)
    return { code: 'unknown', detail, stack: '', retriable: false }
  }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name
  const retriable =
    'retriable' in error && typeof error.retriable === 'boolean' ? error.retriable : undefined
  return {
    code: code.toLowerCase().replaceAll('_', '-'),
    detail: error.message.slice(0, DETAIL_CHARACTERS),
    stack: framesOf(error).slice(0, STACK_CHARACTERS),
    retriable,
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
