import { type ExitCode, exitCodes } from '@tenseams/cli/exit-codes'
import { fullName, type TableIdentifier } from '@tenseams/iceberg/format/metadata'
import { partitionKey } from '@tenseams/iceberg/offsets/offsets'
import { fileStorage } from '@tenseams/iceberg/storage'
import type { Catalog } from '@tenseams/iceberg/table/catalog'
import { acceptLog } from '@tenseams/iceberg/write/accept-log'
import { type AppendBase, baseOf } from '@tenseams/iceberg/write/append'
import type { KafkaAccess } from '@tenseams/kafka/client'
import { TopicLogs } from '@tenseams/kafka/topic-logs'
import { messageOf } from '@tenseams/service/causes'
import type { Continuity } from '../bronze/log-continuity.ts'
import { compareWithLog, type Logs } from '../bronze/table-opening.ts'
import type { LakeScreen } from './screen.ts'

/** Whether the logs in the brokers continue a table. `unknown`: the brokers could not be asked. */
export type LogFindings =
  | { readonly kind: 'compared'; readonly breaks: readonly string[] }
  | { readonly kind: 'unknown'; readonly reason: string }

/** Lends a client for the topics' logs for the time of `work`. */
export async function withLogs<Made>(
  access: KafkaAccess,
  work: (logs: Logs) => Promise<Made>,
): Promise<Made> {
  const logs = new TopicLogs({ ...access, clientId: 'lake' })
  try {
    return await work(logs)
  } finally {
    await logs.close()
  }
}

/** Compares a table's offsets with the logs that they should belong to; a table without offsets has nothing to compare. */
export async function compareLogs(base: AppendBase, logs: Logs): Promise<LogFindings> {
  const breaks: string[] = []
  for (const topic of topicsOf(base)) {
    try {
      breaks.push(...(await compareWithLog(base, topic, logs)).breaks)
    } catch (error) {
      const reason = messageOf(error)
      return { kind: 'unknown', reason: `${topic} was not compared with its log: ${reason}` }
    }
  }
  return { kind: 'compared', breaks }
}

type Acceptance = {
  readonly catalog: Catalog
  readonly table: TableIdentifier
  readonly logs: Logs
  readonly dryRun: boolean
  readonly screen: LakeScreen
}

/** `accept-log`: a table goes on in the log that its topic has now. */
export async function acceptLogNow({
  catalog,
  table,
  logs,
  dryRun,
  screen,
}: Acceptance): Promise<ExitCode> {
  const base = baseOf(await catalog.loadTable(table))
  for (const topic of topicsOf(base)) {
    const found = await compareWithLog(base, topic, logs)
    if (found.breaks.length === 0) continue
    for (const what of found.breaks) screen.tell(what)
    const epoch = found.log.epoch + 1
    for (const [partition, start] of found.acceptFrom) {
      screen.tell(`  ${topic}-${partition} is read from ${start} on, in log ${epoch} of the topic`)
    }
    if (dryRun) return exitCodes.holds
    const ports = { catalog, storage: fileStorage }
    const accepted = await acceptLog(ports, table, base, acceptedOf(topic, found))
    if (accepted.kind === 'overtaken') {
      screen.tell('another writer committed first: nothing was changed, try again')
      return exitCodes.undecided
    }
    screen.tell(`${fullName(table)} goes on in this log; its rows of earlier logs stay`)
    return exitCodes.holds
  }
  screen.tell(`${fullName(table)}: its log continues it, so there is nothing to accept`)
  return exitCodes.holds
}

/** What a table records of a log that a person accepts. */
export function acceptedOf(topic: string, { log, idNow, acceptFrom }: Continuity) {
  const epoch = log.epoch + 1
  const starts = [...acceptFrom].map(
    ([partition, start]) => [partitionKey(topic, partition, epoch), start] as const,
  )
  return { topics: { [topic]: { id: idNow, epoch } }, starts: Object.fromEntries(starts) }
}

/** The topics that a table has offsets of. */
export function topicsOf({ offsets, topics }: AppendBase): readonly string[] {
  const named = Object.keys(offsets).map((key) => key.replace(/(@\d+)?-\d+$/, ''))
  return [...new Set([...Object.keys(topics), ...named])].sort()
}
