/** The parts of a raw change of Debezium that matter for a table's state. */
export type RawChange<Row> = {
  readonly op: string
  readonly after: Row | null
  /** When the connector emitted it, by its own clock. */
  readonly ts_us: bigint
  readonly source: {
    readonly snapshot: string | null
    readonly lsn: bigint | null
    readonly txId: bigint | null
    readonly ts_us: bigint
  }
}

/** A change with the key of its row; the list has the changes of a partition in its order. */
export type KeyedChange<Row> = { readonly key: string; readonly change: RawChange<Row> }

export type FoldOptions = {
  /** Whether a row that a completed full snapshot does not have counts as deleted. */
  readonly endedBySnapshot: boolean
}

/**
 * The rows of a table according to its topic of raw changes. The last record of a key counts, in the order of its
 * partition: not the one with the greatest LSN, because a transaction that was open during a snapshot comes after it,
 * newer and with a smaller LSN.
 *
 * A row that was deleted while nobody captured has no delete record. It ends with the next completed full snapshot: a row
 * whose last record is older than the beginning of that snapshot, and that the snapshot does not have, is deleted.
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

/** When the newest completed full snapshot began; 0 without one. */
function lastCompleteSnapshot<Row>(changes: readonly RawChange<Row>[]): bigint {
  const rows = changes.filter(({ op, source }) => op === 'r' && source.snapshot !== 'incremental')
  // Not by the LSN alone: with Debezium 2.7 a blocking snapshot has the LSN of the previous one.
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
