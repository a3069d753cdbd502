import { existsSync, readdirSync } from 'node:fs'
import { type ExitCode, exitCodes } from '@tenseams/cli/exit-codes'
import { interruptible } from '@tenseams/cli/interruption'
import { complain } from '@tenseams/cli/output'
import type { Entry } from '../logs/entry.ts'
import { type Followed, following } from '../logs/follow.ts'
import { lastOf, merged } from '../logs/merge.ts'
import { idsAbout, isAbout } from '../logs/order.ts'
import {
  type Beginning,
  beginningOfLast,
  beginningSince,
  entriesOf,
  fromTheStart,
  type PartLog,
  partLog,
} from '../logs/part-log.ts'
import { print } from '../logs/print.ts'
import { jsonView, peoplesView, type View } from '../logs/view.ts'
import { componentOf, StackRefused } from '../supervise/stack.ts'
import { logFileOf } from '../supervise/supervisor.ts'

type Paths = Parameters<typeof logFileOf>[0]

export type LogsRequest = {
  /** None: all that have a log. */
  readonly names: readonly string[]
  readonly json: boolean
  /** Undefined: all since `sinceMs`. */
  readonly lines: number | undefined
  readonly sinceMs: number | undefined
  /** Only what is about this order. */
  readonly order: string | undefined
  readonly follow: boolean
}

/**
 * Prints what the parts have logged, in the order of time.
 *
 * @throws StackRefused when a part has no log, or none has.
 */
export async function showLogs(paths: Paths, request: LogsRequest): Promise<ExitCode> {
  const followed = followedIn(paths, request.names)
  const logs = followed.map(({ part, file }) => partLog(part, file))
  const reached = new Map<string, number>()
  const isWanted = filterOf(logs, request)
  const past = merged(logs.map((log) => entriesOf(log, beginningOf(log, request), reached)))
  const wanted = past.filter(isWanted)
  const shown = request.lines === undefined ? wanted : lastOf(wanted, request.lines)
  const printed = await printAll(shown, viewOf(request))
  if (request.follow && printed.isRead) {
    await printAll(future(followed, reached, isWanted), printed.view)
  }
  if (printed.count > 0 || request.follow || request.order === undefined) return exitCodes.holds
  complain(`no line is about the order ${request.order}: npm run stack -- status says what runs`)
  return exitCodes.refuted
}

/** The parts asked for, or every part that has a log. */
function followedIn(paths: Paths, names: readonly string[]): Followed {
  if (names.length === 0) return everyLog(paths)
  return [...new Set(names)].map((name) => {
    const file = logFileOf(paths, componentOf(name).name)
    if (!existsSync(file)) throw new StackRefused(`${name} was never started: there is no ${file}`)
    return { part: name, file }
  })
}

function everyLog(paths: Paths): Followed {
  const files = existsSync(paths.logs) ? readdirSync(paths.logs) : []
  const names = files.filter((file) => file.endsWith('.log')).map((file) => file.slice(0, -4))
  if (names.length > 0) return names.map((part) => ({ part, file: logFileOf(paths, part) }))
  throw new StackRefused(
    `the instance ${paths.instance} has no logs, since nothing of it was started: npm run stack -- up`,
  )
}

function beginningOf(log: PartLog, { lines, sinceMs, order }: LogsRequest): Beginning {
  if (sinceMs !== undefined) return beginningSince(log, sinceMs)
  if (order !== undefined || lines === undefined) return fromTheStart(log)
  return beginningOfLast(log, lines)
}

function filterOf(logs: readonly PartLog[], request: LogsRequest): (entry: Entry) => boolean {
  const { sinceMs = Number.NEGATIVE_INFINITY, order } = request
  const isNew = ({ timeMs = Number.NEGATIVE_INFINITY }: Entry) => timeMs >= sinceMs
  if (order === undefined) return isNew
  const everything = merged(logs.map((log) => entriesOf(log, beginningOf(log, request))))
  const ids = idsAbout(order, everything)
  return (entry) => isNew(entry) && isAbout(entry, ids)
}

async function* future(
  followed: Followed,
  reached: Map<string, number>,
  isWanted: (entry: Entry) => boolean,
): AsyncGenerator<Entry> {
  for await (const entry of following(followed, reached, interruptible())) {
    if (isWanted(entry)) yield entry
  }
}

async function printAll(entries: Iterable<Entry> | AsyncIterable<Entry>, view: View) {
  let count = 0
  for await (const entry of entries) {
    count += 1
    for (const line of view(entry)) {
      if (!(await print(line))) return { count, view, isRead: false }
    }
  }
  return { count, view, isRead: true }
}

function viewOf({ json }: LogsRequest): View {
  const hasColours = process.stdout.isTTY === true && process.stdout.hasColors()
  return json ? jsonView : peoplesView({ hasColours })
}
