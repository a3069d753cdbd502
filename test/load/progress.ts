import type { State } from './measure.ts'
import { rateText } from './report/table.ts'

const LINES_EVERY_MS = 10_000

/** Shows how far a step is: in one line that changes on a terminal, elsewhere in a line now and then. */
export function progressOn(stream: NodeJS.WriteStream): {
  readonly show: (state: State) => void
  /** Makes room for another line. */
  readonly clear: () => void
} {
  let shownAt = Number.NEGATIVE_INFINITY
  if (stream.isTTY) {
    const clear = () => void stream.write('\r\x1b[K')
    return { show: (state) => void stream.write(`\r\x1b[K${stateText(state)}`), clear }
  }
  const show = (state: State) => {
    if (performance.now() - shownAt < LINES_EVERY_MS) return
    shownAt = performance.now()
    stream.write(`${stateText(state)}\n`)
  }
  return { show, clear: () => undefined }
}

const phases = {
  ramp: 'ramp',
  load: 'load',
  waiting: 'waiting until what was accepted has ended and is seen',
} as const

function stateText({ rate, phase, leftMs, progress, unsettled }: State): string {
  const { answered, failed, inFlight } = progress
  const left = phase === 'waiting' ? '' : `, ${Math.ceil(leftMs / 1_000)} s left`
  const orders = unsettled === undefined ? '' : `, ${unsettled} orders under way`
  return `${rateText(rate)}/s ${phases[phase]}${left}: ${answered} answered, ${failed} failed, ${inFlight} in flight${orders}`
}
