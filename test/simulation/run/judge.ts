import { readLiveEntries } from '@tenseams/iceberg/format/manifest'
import {
  currentSnapshot,
  type Snapshot,
  type TableMetadata,
} from '@tenseams/iceberg/format/metadata'
import {
  offsetLogHashSummary,
  offsetLogSummary,
  proofOf,
} from '@tenseams/iceberg/offsets/offset-log'
import {
  endOffsetsSummary,
  offsetsProperty,
  readOffsets,
  startOffsetsSummary,
} from '@tenseams/iceberg/offsets/offsets'
import type { Storage } from '@tenseams/iceberg/storage'
import { manifestsOf } from '@tenseams/iceberg/table/snapshot'
import { messageOf } from '@tenseams/service/causes'
import type { Broker } from '../servers/broker.ts'
import type { Files, LakeRow } from '../servers/lake.ts'
import type { Store } from '../servers/store.ts'
import { eventIdOf, groupOf } from './consumers.ts'
import type { System } from './system.ts'

/** A violated promise, in one line. */
export type Violation = string

/** Compares each sink with what a reader of committed data sees of its topic. It looks at results only. */
export async function judge(system: System): Promise<readonly Violation[]> {
  const { broker, roles } = system
  const violations: Violation[] = []
  if (roles.includes('loop')) violations.push(...judgeLoop(broker))
  if (roles.includes('inbox')) violations.push(...judgeInbox(broker, system.store))
  if (roles.includes('lake')) violations.push(...(await judgeLake(system)))
  for (const topic of broker.topics.filter((name) => name.endsWith('dead-letter'))) {
    const deadLettered = broker.logs(topic).flatMap((log) => log.visible())
    for (const { value } of deadLettered) violations.push(`dead letter: ${value} in ${topic}`)
  }
  return violations
}

function judgeLoop(broker: Broker): readonly Violation[] {
  const wanted = broker
    .logs('in')
    .flatMap((log, partition) =>
      log
        .visible()
        .map(({ key, value, offset }) => ({ key, text: `${value}@${partition}:${offset}` })),
    )
  const found = broker
    .logs('out')
    .flatMap((log) => log.visible().map(({ key, value }) => ({ key, text: value })))
  const violations = [...compare('loop', wanted, found)]
  for (const [partition, log] of broker.logs('in').entries()) {
    const last = log.visible().at(-1)?.offset
    const committed = broker.offsets.read(groupOf.loop).get(`in-${partition}`) ?? 0
    if (last !== undefined && committed <= last) {
      violations.push(`loop, stuck: in-${partition} is committed to ${committed} of ${last + 1}`)
    }
  }
  return violations
}

/** A republished event counts at its first offset. */
function judgeInbox(broker: Broker, store: Store): readonly Violation[] {
  const seen = new Set<string>()
  const wanted = broker.logs('out').flatMap((log) =>
    log.visible().flatMap(({ key, value }) => {
      const text = eventIdOf(value)
      if (seen.has(text)) return []
      seen.add(text)
      return [{ key, text }]
    }),
  )
  const found = [...store.streams].flatMap(([key, rows]) =>
    rows.map(({ payload }) => ({ key, text: eventIdOf(String(payload)) })),
  )
  return compare('inbox', wanted, found)
}

async function judgeLake({ broker, catalogue, files }: System): Promise<readonly Violation[]> {
  const wanted = broker
    .logs('out')
    .flatMap((log, partition) =>
      log.visible().map(({ value, offset }) => entryOf(partition, offset, value)),
    )
  const { table } = catalogue
  if (table === undefined) return wanted.length === 0 ? [] : ['lake, stuck: there is no table']
  try {
    const rows = await rowsOf(table, files)
    const found = rows.map(({ partition, offset, event }) => entryOf(partition, offset, event))
    return [...compare('lake', wanted, found), ...brokenChains(table), ...brokenLog(table, files)]
  } catch (error) {
    return [`lake, torn: ${messageOf(error)}`]
  }
}

function entryOf(partition: number, offset: number | bigint, event: string): Entry {
  return { key: `out-${partition}`, text: `${event} from out-${partition}:${offset}` }
}

type Entry = { readonly key: string; readonly text: string }

/** Each expected entry once, no others, and those of a key in order. */
function compare(sink: string, wanted: readonly Entry[], found: readonly Entry[]): Violation[] {
  const violations: Violation[] = []
  const counts = new Map<string, number>()
  for (const { text } of found) counts.set(text, (counts.get(text) ?? 0) + 1)
  const texts = new Set(wanted.map(({ text }) => text))
  for (const text of texts) {
    const count = counts.get(text) ?? 0
    if (count === 0) violations.push(`${sink}, lost: ${text}`)
    if (count > 1) violations.push(`${sink}, doubled: ${text} is there ${count} times`)
  }
  for (const text of counts.keys()) {
    if (!texts.has(text)) violations.push(`${sink}, not to be seen: ${text}`)
  }
  if (violations.length > 0) return violations
  for (const key of new Set(wanted.map((entry) => entry.key))) {
    const textsOf = (entries: readonly Entry[]) =>
      entries.filter((entry) => entry.key === key).map(({ text }) => text)
    const order = textsOf(found).join(', ')
    if (order !== textsOf(wanted).join(', ')) violations.push(`${sink}, out of order: ${order}`)
  }
  return violations
}

/** The rows of the current snapshot, oldest first, read as any reader reads them. */
async function rowsOf(table: TableMetadata, files: Files): Promise<readonly LakeRow[]> {
  const snapshot = currentSnapshot(table)
  if (snapshot === undefined) return []
  const bytesOf = (uri: string): Buffer => {
    const bytes = files.bytes.get(uri)
    if (bytes === undefined) throw new Error(`${uri} is missing, and the table refers to it`)
    return bytes
  }
  const read = async (uri: string) => bytesOf(uri)
  const lines = await manifestsOf({ read } as Pick<Storage, 'read'> as Storage, snapshot)
  const entries = lines
    .toSorted((one, other) => Number(one.sequence_number - other.sequence_number))
    .flatMap((line) => readLiveEntries(bytesOf(line.manifest_path), line))
  return entries.flatMap(({ data_file }) => {
    const rows = files.rows.get(data_file.file_path)
    if (rows === undefined)
      throw new Error(`${data_file.file_path} is missing, and the table refers to it`)
    return rows
  })
}

/** The offset log must prove the same by itself, because snapshots expire. */
function brokenLog(table: TableMetadata, files: Files): readonly Violation[] {
  const newest = table.properties[offsetLogHashSummary]
  const log = files.bytes.get(table.properties[offsetLogSummary] ?? '')
  if (newest === undefined || log === undefined) {
    return table.currentSnapshotId === null ? [] : ['lake, log: there is none']
  }
  return proofOf(log, newest, table).breaks.map((text) => `lake, log: ${text}`)
}

/** Each snapshot's offsets start at the previous one's end, and the last end is the table's property. */
function brokenChains(table: TableMetadata): readonly Violation[] {
  const violations: Violation[] = []
  let before: Snapshot | undefined
  for (const snapshot of table.snapshots) {
    if (before !== undefined) violations.push(...gapsBetween(before, snapshot))
    before = snapshot
  }
  const last = before?.summary[endOffsetsSummary]
  const property = table.properties[offsetsProperty]
  if (last !== property) violations.push(`lake, chain: the table says ${property}, not ${last}`)
  return violations
}

function gapsBetween(before: Snapshot, after: Snapshot): readonly Violation[] {
  const ends = readOffsets(before.summary[endOffsetsSummary])
  const starts = readOffsets(after.summary[startOffsetsSummary])
  return Object.entries(ends)
    .filter(([partition, end]) => starts[partition] !== end)
    .map(
      ([partition, end]) =>
        `lake, chain: ${partition} ends at ${end}, goes on at ${starts[partition]}`,
    )
}
