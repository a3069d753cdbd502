import type { Entry } from './entry.ts'

/** More than one order has, unless ids repeat. */
const MOST_IDS = 500

/** Names of fields whose values lead from a line about an order to further lines about it. */
const leading = ['trace_id', 'reqId', 'eventId']

/** What lines about an order have in common: its id, and the ids that lines with it name. */
export function idsAbout(order: string, entries: Iterable<Entry>): ReadonlySet<string> {
  const ids = new Set([order])
  for (const entry of entries) {
    if (!isAbout(entry, new Set([order]))) continue
    for (const name of leading) {
      const id = entry.fields[name]
      if (typeof id === 'string' && id.length >= 16 && ids.size < MOST_IDS) ids.add(id)
    }
  }
  return ids
}

/** Whether one of the ids is anywhere in an entry. */
export function isAbout({ sentence, fields, more }: Entry, ids: ReadonlySet<string>): boolean {
  const text = [sentence, JSON.stringify(fields), ...more].join('\n').toLowerCase()
  return [...ids].some((id) => text.includes(id))
}
