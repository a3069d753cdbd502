import { createHash, randomBytes } from 'node:crypto'
import type { IdGenerator } from '@opentelemetry/sdk-trace'

/** Makes the ids of traces and spans: random ones, or the one that was asked for. */
class SpanIds implements IdGenerator {
  #next: string | undefined

  generateTraceId(): string {
    return randomBytes(16).toString('hex')
  }

  generateSpanId(): string {
    return this.#next ?? randomBytes(8).toString('hex')
  }

  /** The span that `start` starts gets that id. */
  give<Value>(spanId: string, start: () => Value): Value {
    this.#next = spanId
    try {
      return start()
    } finally {
      this.#next = undefined
    }
  }
}

/** Those of this process: `provider.ts` makes spans with them, `recordSpan` says which id the next one gets. */
export const spanIds = new SpanIds()

/** The same id for the same parts, whoever makes it, and however often. */
export function derivedSpanId(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join(' ')).digest('hex').slice(0, 16)
}
