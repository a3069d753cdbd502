/** A raw change as Debezium tells it, as far as the state of a table is concerned. */
export type RawChange<Row> = {
  readonly op: string
  readonly after: Row | null
  /** When the connector told it, by its own clock. */
  readonly ts_us: bigint
  readonly source: {
    readonly snapshot: string | null
    readonly lsn: bigint | null
    readonly txId: bigint | null
    readonly ts_us: bigint
  }
}

/** A change with the key of its row, as it lies in the topic: within a partition in the order of the list. */
export type KeyedChange<Row> = { readonly key: string; readonly change: RawChange<Row> }

export type FoldOptions = {
  /** Whether a row that a completed full snapshot has not told counts as gone. */
  readonly endedBySnapshot: boolean
}

/**
 * The rows that a topic of raw changes says are there. Of one key the last record counts, in the order of its partition:
 * never the one with the greatest LSN, because a transaction that was open during a snapshot comes behind it, newer and
 * with a smaller LSN.
 *
 * A row that was deleted while nobody watched is never told as deleted. It ends with the next full snapshot that has
 * come to its end: what the connector told last before that snapshot began, and that snapshot has not told, is gone.
 */
export function foldChanges<Row>(
  changes: readonly KeyedChange<Row>[],
  { endedBySnapshot }: FoldOptions,
): ReadonlyMap<string, Row> {
  const last = new Map<string, RawChange<Row>>()
  for (const { key, change } of changes) last.set(key, change)
  const begun = endedBySnapshot ? lastCompleteSnapshot(changes.map(({ change }) => change)) : 0n
  const rows = [...last].flatMap(([key, { op, after, ts_us }]) =>
    op === 'd' || after === null || ts_us < begun ? [] : [[key, after] as const],
  )
  return new Map(rows)
}

/** When the newest full snapshot that was told to its end began; 0 without one. */
function lastCompleteSnapshot<Row>(changes: readonly RawChange<Row>[]): bigint {
  const rows = changes.filter(({ op, source }) => op === 'r' && source.snapshot !== 'incremental')
  // Not by the LSN alone: with Debezium 2.7 a blocking snapshot has that of the one before.
  const idOf = ({ source }: RawChange<Row>) => `${source.lsn} ${source.txId} ${source.ts_us}`
  const complete = [...Map.groupBy(rows, idOf).values()].filter((those) =>
    those.some(({ source }) => /^last/.test(source.snapshot ?? '')),
  )
  const begins = complete.map((those) => inOrder(those.map(({ ts_us }) => ts_us))[0] ?? 0n)
  return inOrder(begins).at(-1) ?? 0n
}

function inOrder(moments: readonly bigint[]): readonly bigint[] {
  return moments.toSorted((one, other) => Number(one - other))
}
