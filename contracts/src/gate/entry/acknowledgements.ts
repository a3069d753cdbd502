import type { Topic } from '../../topics.ts'
import { type Promises, topicsFile } from '../contract-set.ts'
import { type Refusal, readersOf } from '../refusal.ts'

/**
 * A sentence beside a topic's entry for one change that takes something from its readers: what changes, from what to what,
 * why nobody misses it, and when that was decided.
 */
export type Acknowledgement = {
  readonly property: string
  readonly from: unknown
  readonly to: unknown
  readonly reason: string
  readonly date: string
}

/** When an acknowledgement counts. */
export type Period = {
  /** The day of the base commit, YYYY-MM-DD. */
  readonly baseDate: string
  readonly today: string
}

/** An acknowledgement may be written this long before its base commit: a branch is rebased more than once. */
const OLDEST_DAYS = 30

/** What the acknowledgements that are new in this change say. */
export type Acknowledged = {
  readonly accepted: readonly Acknowledgement[]
  readonly refusals: readonly Refusal[]
}

/** Splits those that the base does not have into those that count and those that say too little. */
export function newAcknowledgements(was: Promises, is: Topic, period: Period): Acknowledged {
  const known = new Set((was.acknowledged ?? []).map(textOf))
  const fresh = (is.acknowledged ?? []).filter((entry) => !known.has(textOf(entry)))
  const judged = fresh.map((entry) => ({ entry, mistakes: mistakesIn(entry, period) }))
  return {
    // Their form was checked just above.
    accepted: judged
      .filter(({ mistakes }) => mistakes.length === 0)
      .map(({ entry }) => entry as Acknowledgement),
    refusals: judged.flatMap(({ entry, mistakes }) =>
      mistakes.map((mistake) => refusedAcknowledgement(was, is, entry, mistake)),
    ),
  }
}

/**
 * The acknowledgements that lead from the base's value to the new one, in their order; undefined when they don't. More than
 * one is needed where several changes were merged since the base.
 */
export function leadingTo(
  { was, is }: { readonly was: unknown; readonly is: unknown },
  acknowledgements: readonly Acknowledgement[],
): readonly Acknowledgement[] | undefined {
  let value = was
  const used: Acknowledgement[] = []
  for (const acknowledgement of acknowledgements) {
    if (!isSame(value, acknowledgement.from)) continue
    value = acknowledgement.to
    used.push(acknowledgement)
  }
  return isSame(value, is) ? used : undefined
}

export function refusedAcknowledgement(
  was: Promises,
  is: Topic,
  entry: unknown,
  mistake: string,
): Refusal {
  return {
    where: `${was.name}: ${topicsFile}`,
    what: `an entry of \`acknowledged\` ${mistake}: ${textOf(entry)}`,
    why: 'it says what readers lose by this change, so it must say exactly that',
    whom: readersOf({ name: was.name, consumers: is.consumers }),
    todo: `correct it, or remove it; what is expected:\n${form}`,
  }
}

/** The lines to add for a change. */
export function linesFor(property: string, from: unknown, to: unknown, today: string): string {
  return [
    'acknowledged:',
    `  - property: ${property}`,
    `    from: ${JSON.stringify(from)}`,
    `    to: ${JSON.stringify(to)}`,
    '    reason: <who was asked, and why nobody misses it>',
    `    date: ${today}`,
  ].join('\n')
}

const form =
  '- { property: …, from: <value in the base>, to: <new value>, reason: <text>, date: YYYY-MM-DD }'

const members = ['property', 'from', 'to', 'reason', 'date']

function mistakesIn(entry: unknown, { baseDate, today }: Period): readonly string[] {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry))
    return ['is not a list of names and values']
  const given = entry as Readonly<Record<string, unknown>>
  const missing = members.filter((member) => !Object.hasOwn(given, member))
  const unknown = Object.keys(given).filter((member) => !members.includes(member))
  const { property, reason, date } = given
  return [
    ...missing.map((member) => `has no \`${member}\``),
    ...unknown.map((member) => `has an unknown \`${member}\``),
    ...(missing.includes('property') || isWords(property)
      ? []
      : ['has a `property` that is no name']),
    ...(missing.includes('reason') || isWords(reason) ? [] : ['has no words in its `reason`']),
    ...(missing.includes('date') ? [] : dateMistakes(date, baseDate, today)),
  ]
}

function dateMistakes(date: unknown, baseDate: string, today: string): readonly string[] {
  if (typeof date !== 'string' || !isDay(date))
    return ['has a `date` that is not a day, YYYY-MM-DD']
  // A day's tolerance, since the author's day may be another one than ours.
  if (date > shifted(today, 1)) return ['has a `date` in the future']
  if (date >= shifted(baseDate, -OLDEST_DAYS)) return []
  return [
    `is older than the change: its \`date\` is more than ${OLDEST_DAYS} days before the base (${baseDate})`,
  ]
}

function isDay(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && shifted(text, 0) === text
}

/** An impossible day becomes another one, or no day. */
function shifted(day: string, days: number): string {
  const time = Date.parse(`${day}T00:00:00Z`) + days * 86_400_000
  return Number.isNaN(time) ? '' : new Date(time).toISOString().slice(0, 10)
}

function isWords(value: unknown): boolean {
  return typeof value === 'string' && value.trim() !== ''
}

function isSame(left: unknown, right: unknown): boolean {
  return textOf(left) === textOf(right)
}

/** The value as JSON with its members in one order. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(
          Object.entries(part).toSorted(([left], [right]) => (left < right ? -1 : 1)),
        )
      : part,
  )
}
