import type { StoredSpan } from './store.ts'

/** A span with its place below the first one. */
export type Placed = { readonly span: StoredSpan; readonly depth: number }

/** Each span below the one that has caused it, siblings in the order of their beginnings. */
export function placed(spans: readonly StoredSpan[]): readonly Placed[] {
  const children = Map.groupBy(spans, ({ parentId }) => parentId)
  const known = new Set(spans.map(({ id }) => id))
  const below = (span: StoredSpan, depth: number): readonly Placed[] => [
    { span, depth },
    ...(children.get(span.id) ?? []).flatMap((child) => below(child, depth + 1)),
  ]
  return rootsOf(spans, known).flatMap((root) => below(root, 0))
}

/** Spans whose cause is not there: the first one, whose cause is the client's, and those whose cause was lost. */
export function rootsOf(
  spans: readonly StoredSpan[],
  known: ReadonlySet<string> = new Set(spans.map(({ id }) => id)),
): readonly StoredSpan[] {
  return spans.filter(({ parentId }) => parentId === undefined || !known.has(parentId))
}
