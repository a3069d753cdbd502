/** What becomes of a record whose handler failed. */
export type Verdict =
  | { readonly kind: 'wait'; readonly delayMs: number }
  | {
      readonly kind: 'dead-letter'
      readonly reason: string
      readonly detail: string
      readonly stack: string
    }

const UNKNOWN_FAILURE_ATTEMPTS = 10
const LONGEST_DELAY_MS = 5_000
/** Headers count towards the size of the letter, which must not be refused for them. */
const DETAIL_CHARACTERS = 500
const STACK_CHARACTERS = 2_000

/**
 * Three roads. An error that says `retriable: false` is the record's own fault and goes to the dead letter topic. One
 * that says `retriable: true` is a broken outside: wait, however long it takes, at most 5 s at a time. An error that
 * says neither gets ten attempts, because a record must never stop its partition.
 *
 * @param attempt how often this record has failed, from 1.
 */
export function judgeFailure(error: unknown, attempt: number): Verdict {
  const { code, detail, stack, retriable } = describe(error)
  const hopeless =
    retriable === false || (retriable === undefined && attempt >= UNKNOWN_FAILURE_ATTEMPTS)
  if (hopeless) return { kind: 'dead-letter', reason: code, detail, stack }
  return { kind: 'wait', delayMs: Math.min(LONGEST_DELAY_MS, 50 * 2 ** Math.min(attempt, 10)) }
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

/** Where it was thrown, and where its causes were: without their messages, which may hold what the record held. */
function framesOf(error: Error, depth = 3): string {
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  const own = [error.constructor.name, ...frames].join('\n')
  if (!(error.cause instanceof Error) || depth === 0) return own
  return `${own}\ncaused by ${framesOf(error.cause, depth - 1)}`
}
