/** What a trace id of a load says: whose run it is of, which of its orders, and when that one was due. */
export type LoadTrace = {
  readonly run: number
  readonly sequence: number
  /** By `machineMs`. */
  readonly dueMs: number
}

const MICROS_A_MS = 1_000
const FORM = /^00-([0-9a-f]{8})([0-9a-f]{8})([0-9a-f]{16})-/

const hex = (number: number, digits: number) => number.toString(16).padStart(digits, '0')

/**
 * A `traceparent` (https://www.w3.org/TR/trace-context/) for everything about one order. The services hand it from event to
 * event, so whoever reads an event knows when its order was due, and generator and observers need not tell each other of
 * each order.
 *
 * @param isRecorded whether the services record it: they leave that to a caller that shows a token, as the generator does.
 */
export function traceparentOf({ run, sequence, dueMs }: LoadTrace, isRecorded: boolean): string {
  const id = hex(run, 8) + hex(sequence, 8) + hex(Math.round(dueMs * MICROS_A_MS), 16)
  return `00-${id}-${hex(sequence + 1, 16)}-${isRecorded ? '01' : '00'}`
}

/** @returns undefined for a trace of another form; one that is not of a load has a run that nobody has started. */
export function readTrace(traceparent: string | null): LoadTrace | undefined {
  const [, run, sequence, due] = FORM.exec(traceparent ?? '') ?? []
  if (run === undefined || sequence === undefined || due === undefined) return undefined
  const numberOf = (text: string) => Number.parseInt(text, 16)
  return {
    run: numberOf(run),
    sequence: numberOf(sequence),
    dueMs: numberOf(due) / MICROS_A_MS,
  }
}
