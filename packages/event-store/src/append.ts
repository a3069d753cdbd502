/** An event ready to be stored: its bytes are already what consumers will get. */
export type NewEvent = {
  readonly eventId: string
  readonly version: bigint
  readonly type: string
  readonly topic: string
  /** Control rows only: the partition that the record must go to. */
  readonly partition?: number
  /** What `payload` says, for people. */
  readonly data: unknown
  readonly payload: Buffer
  /** The trace in which it was decided, for the header of its record; the payload has it as well. */
  readonly traceparent?: string | null
  /** What the trace's readers need beside it; only of traces that are recorded. */
  readonly tracestate?: string | null
}

/** What identifies a repeated append: a consumed event's id, or a client's Idempotency-Key. */
export type Guard =
  | { readonly kind: 'inbox'; readonly eventId: string }
  | {
      readonly kind: 'idempotency'
      readonly key: string
      readonly requestHash: Buffer
      readonly status: number
      readonly answer: unknown
    }

/** One caller's append: all of its events and its guard, or nothing. Without events only the guard is written. */
export type Append = {
  readonly streamId: string
  /** The version that the decision was made on; 0 for a stream that must not exist. */
  readonly expectedVersion: bigint
  readonly events: readonly NewEvent[]
  readonly guard?: Guard
  /** Rows for the store's side table, written with the events or not at all. */
  readonly rows?: readonly SideRow[]
}

/** One value for each column of the side table. */
export type SideRow = readonly unknown[]

/** A table of the service's own, in the store's schema, whose rows are written in the statement of their events. */
export type SideTable = {
  readonly table: string
  readonly columns: readonly { readonly name: string; readonly type: string }[]
}

export type AppendResult =
  | { readonly kind: 'appended' }
  | { readonly kind: 'repeated' }
  | { readonly kind: 'conflict'; readonly actualVersion: bigint }

/**
 * Picks what goes into one statement: at most `limit` appends, in the queue's order, with at most one for each stream
 * and each guard, because two appends of a batch cannot see each other. The rest keeps the queue's order.
 */
export function planBatch<Queued extends { readonly append: Append }>(
  queue: readonly Queued[],
  limit: number,
): { readonly batch: readonly Queued[]; readonly rest: Queued[] } {
  const taken = new Set<string>()
  const batch: Queued[] = []
  const rest: Queued[] = []
  for (const queued of queue) {
    const claims = claimsOf(queued.append)
    if (batch.length < limit && claims.every((claim) => !taken.has(claim))) batch.push(queued)
    else rest.push(queued)
    for (const claim of claims) taken.add(claim)
  }
  return { batch, rest }
}

function claimsOf(append: Append): readonly string[] {
  const stream = `stream ${append.streamId}`
  if (append.guard === undefined) return [stream]
  const { guard } = append
  return [stream, guard.kind === 'inbox' ? `inbox ${guard.eventId}` : `key ${guard.key}`]
}
