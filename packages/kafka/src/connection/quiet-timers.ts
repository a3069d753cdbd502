import { changeKafkajs } from './change-kafkajs.ts'

/** What kafkajs calls a request queue, one of each connection, as far as it is needed here. */
type RequestQueue = {
  readonly requestTimeout: number
  readonly enforceRequestTimeout: boolean
  readonly inflight: ReadonlyMap<number, Request>
  readonly pending: readonly unknown[]
  requestTimeoutIntervalId?: NodeJS.Timeout
  isConnected(): boolean
  destroy(): void
  scheduleRequestTimeoutCheck(): void
  scheduleCheckPendingRequests(): void
}

type Request = {
  readonly sentAt: number
  readonly requestTimeout: number
  timeoutRequest(): void
}

const LONGEST_LOOK_MS = 1_000

/**
 * Stops two timers that kafkajs 2.2.4 runs on every open connection, also on one that nothing happens on
 * (network/requestQueue/index.js). After the first answer, the look at requests that wait to be sent starts itself again
 * every millisecond for ever (tulios/kafkajs#1751, of which Node warns as of a negative timeout); it is needed only while
 * some wait. And the look for requests that are too late runs every 100 ms; here every second, or ten times in a timeout
 * that is shorter than ten seconds, so an unanswered request fails at most that much later.
 */
export function quietTimers(): void {
  changeKafkajs('network/requestQueue', 'quiet-timers', quiet)
}

function quiet({ prototype }: { readonly prototype: RequestQueue }): void {
  const { scheduleCheckPendingRequests } = prototype
  prototype.scheduleCheckPendingRequests = function (this: RequestQueue) {
    if (this.pending.length > 0) scheduleCheckPendingRequests.call(this)
  }
  prototype.scheduleRequestTimeoutCheck = function (this: RequestQueue) {
    if (!this.enforceRequestTimeout) return
    this.destroy()
    const everyMs = Math.min(this.requestTimeout / 10, LONGEST_LOOK_MS)
    this.requestTimeoutIntervalId = setInterval(() => lookForLate(this), everyMs)
  }
}

function lookForLate(queue: RequestQueue): void {
  const now = Date.now()
  for (const request of queue.inflight.values()) {
    if (now - request.sentAt > request.requestTimeout) request.timeoutRequest()
  }
  if (!queue.isConnected()) queue.destroy()
}
