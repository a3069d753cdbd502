import { styleText } from 'node:util'
import type { Entry, Level } from './entry.ts'

/** Of a stack trace, in lines for people; with --json all are there. */
const MOST_MORE = 8
const MOST_VALUE = 120
const PART_WIDTH = 17

/** Said elsewhere in the line, or of no use to people. */
const hidden = new Set([
  'service',
  'err',
  'topic',
  'partition',
  'offset',
  'span_id',
  'pid',
  'hostname',
])

export type View = (entry: Entry) => readonly string[]

const colours: Readonly<Record<Level, Parameters<typeof styleText>[0]>> = {
  debug: 'gray',
  info: 'green',
  warn: 'yellow',
  error: 'red',
  fatal: ['bold', 'red'],
}

/** Lines for people: time, part, level, sentence, fields. A new day has a line of its own. All times are UTC. */
export function peoplesView({ hasColours }: { readonly hasColours: boolean }): View {
  const paint = (style: Parameters<typeof styleText>[0], text: string) =>
    hasColours ? styleText(style, text, { validateStream: false }) : text
  let day = ''
  return (entry) => {
    const { part, timeMs, level, sentence } = entry
    const time = timeMs === undefined ? '' : new Date(timeMs).toISOString()
    const isNewDay = time !== '' && !time.startsWith(day || '-')
    if (isNewDay) day = time.slice(0, 10)
    const line = [
      paint('gray', time.slice(11, 23).padEnd(12)),
      paint('cyan', part.padEnd(PART_WIDTH)),
      paint(colours[level], level.padEnd(5)),
      [harmless(sentence), ...fieldTexts(entry).map((text) => paint('gray', text))].join('  '),
    ].join('  ')
    return [
      ...(isNewDay ? [paint('bold', `${day} UTC`)] : []),
      line,
      ...moreLines(entry).map((text) => `${' '.repeat(14)}${paint('gray', text)}`),
    ]
  }
}

/** One JSON object a line, with the name of the part in it. */
export const jsonView: View = ({ part, timeMs, level, sentence, fields, more, omitted }) => {
  const time = timeMs === undefined ? undefined : new Date(timeMs).toISOString()
  const rest = { ...(more.length > 0 && { more }), ...(omitted > 0 && { omitted }) }
  return [JSON.stringify({ time, part, level, msg: sentence, ...fields, ...rest })]
}

function fieldTexts({ fields }: Entry): readonly string[] {
  const shown = Object.entries(fields).filter(([name]) => !hidden.has(name))
  return [
    ...placeOf(fields),
    ...shown.map(([name, value]) => `${name}=${shortened(textOf(value))}`),
    ...errorOf(fields['err']),
  ].map(harmless)
}

/** `topic/partition@offset`, as far as it is known. */
function placeOf({ topic, partition, offset }: Entry['fields']): readonly string[] {
  if (topic === undefined) return []
  const inPartition = partition === undefined ? '' : `/${partition}`
  return [`${topic}${inPartition}${offset === undefined ? '' : `@${offset}`}`]
}

function errorOf(err: unknown): readonly string[] {
  if (typeof err !== 'object' || err === null) return []
  const { message, code } = err as { readonly message?: unknown; readonly code?: unknown }
  return [`${textOf(message)}${code === undefined ? '' : ` (${textOf(code)})`}`]
}

function moreLines({ more, omitted }: Entry): readonly string[] {
  const left = more.length - MOST_MORE + omitted
  return [
    ...more.slice(0, MOST_MORE).map((line) => harmless(line.trimEnd())),
    ...(left > 0 ? [`… ${left} more lines`] : []),
  ]
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}

function shortened(text: string): string {
  return text.length > MOST_VALUE ? `${text.slice(0, MOST_VALUE)}…` : text
}

/** Without what a terminal would take for an order: a client may have put it into the line. */
function harmless(text: string): string {
  return text.replaceAll(
    /(?!\t)\p{Cc}/gu,
    (mark) => `\\x${mark.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
}
