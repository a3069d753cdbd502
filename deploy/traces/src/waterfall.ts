import { LINKS } from '@tenseams/telemetry/tracing/zipkin'
import type { StoredSpan } from './store.ts'
import { placed } from './tree.ts'

const LEAST_BAR = 10
const US_A_MS = 1_000

/** What a span shares with other traces, by the ids of what it links. */
export type SharedWork = ReadonlyMap<string, StoredSpan>

/** The spans that a span links. */
export function linkedBy({ tags }: StoredSpan): readonly { traceId: string; id: string }[] {
  return (tags[LINKS] ?? '').split(' ').flatMap((link) => {
    const [traceId, id] = link.split('-')
    return traceId && id ? [{ traceId, id }] : []
  })
}

/**
 * A trace as lines of text: when each step began, how long it took, where, and a bar of it on the time of the whole. Of work
 * that is shared with other traces, what it was is named behind the step.
 */
export function waterfall(
  spans: readonly StoredSpan[],
  {
    shared = new Map(),
    width = 120,
  }: { readonly shared?: SharedWork; readonly width?: number } = {},
): readonly string[] {
  const beginUs = Math.min(...spans.map(({ startUs }) => startUs))
  const endUs = Math.max(...spans.map(({ startUs, durationUs }) => startUs + durationUs))
  const rows = placed(spans).map(({ span, depth }) => ({
    span,
    what: `${'  '.repeat(depth)}${span.service}  ${span.name}${failureOf(span)}${sharedBy(span, shared)}`,
  }))
  const whatWidth = Math.max(...rows.map(({ what }) => what.length))
  const barWidth = Math.max(LEAST_BAR, width - whatWidth - '  12345.6 ms  12345.6 ms  '.length)
  return rows.map(({ span, what }) => {
    const scale = (us: number) => Math.round((us / Math.max(1, endUs - beginUs)) * barWidth)
    const before = Math.min(barWidth - 1, scale(span.startUs - beginUs))
    const length = Math.max(1, Math.min(barWidth - before, scale(span.durationUs)))
    const bar = `${' '.repeat(before)}${'█'.repeat(length)}`.padEnd(barWidth)
    return `${ms(span.startUs - beginUs)}${ms(span.durationUs)}  ${bar}  ${what}`.trimEnd()
  })
}

function ms(us: number): string {
  return `${(us / US_A_MS).toFixed(1).padStart(9)} ms`
}

function failureOf({ tags }: StoredSpan): string {
  return tags.error === undefined ? '' : `  FAILED: ${tags.error}`
}

function sharedBy(span: StoredSpan, shared: SharedWork): string {
  const known = linkedBy(span).flatMap(({ id }) => shared.get(id) ?? [])
  const texts = known.map((work) => {
    const members = linkedBy(work).length
    return `${work.name} of ${members} in ${(work.durationUs / US_A_MS).toFixed(1)} ms`
  })
  return texts.length === 0 ? '' : `  (shared: ${texts.join(', ')})`
}
