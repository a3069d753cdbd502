import { bronzeTableNameOf } from '@tenseams/contracts/topics'
import { ORDERS, PAYMENTS, SHIPMENTS } from '../checks/check.ts'
import type { Evidence } from '../evidence.ts'
import type { Row } from '../evidence-tables.ts'
import { type BronzeTable, chainOf, endsAt, LOG_SPAN, logEpochIn, offsetSql } from './bronze.ts'
import { type Catalogue, type IcebergTable, loadFiles, readTable } from './iceberg.ts'

/** A table of silver: the topic it is made from, and how its columns become evidence. */
type SilverTable = {
  readonly name: string
  readonly topic: string
  readonly into: 'silver' | 'versions'
  /** The columns of the evidence behind the topic. */
  readonly columns: string
}

/** The snapshot of bronze that silver has recorded, and the one that its quarantine has, by topic. */
export type Recorded = ReadonlyMap<
  string,
  { readonly silver?: bigint; readonly quarantine?: bigint }
>

/** A captured table: its key, and what is compared of a row, from the JSON in bronze and from silver's columns. */
const captured = [
  {
    ...{ name: 'customers', topic: 'cdc.shop.catalogue.customers', key: 'customer_id' },
    inBronze: ['segment', 'name_cipher', 'email_cipher'],
    inSilver: ['segment', 'to_base64(name_cipher)', 'to_base64(email_cipher)'],
  },
  {
    ...{ name: 'products', topic: 'cdc.shop.catalogue.products', key: 'sku' },
    inBronze: ['name', 'price_minor', 'currency'],
    inSilver: ['name', 'price_minor', 'currency'],
  },
] as const

export const capturedTopics: readonly string[] = captured.map(({ topic }) => topic)

const silverTables: readonly SilverTable[] = [
  {
    ...{ name: 'orders', topic: ORDERS, into: 'silver' },
    columns: 'order_id, version, status, total_minor, currency',
  },
  {
    // An authorised payment has a currency, too; the amount that is compared is the captured one.
    ...{ name: 'payments', topic: PAYMENTS, into: 'silver' },
    columns:
      'order_id, version, status, captured_minor, case when captured_minor is not null then currency end',
  },
  {
    ...{ name: 'shipments', topic: SHIPMENTS, into: 'silver' },
    columns: 'order_id, version, status, null, null',
  },
  ...captured.map(
    ({ name, topic, key, inSilver }): SilverTable => ({
      ...{ name, topic, into: 'versions' },
      columns: `${key}, epoch_us(valid_from), epoch_us(valid_to), is_deleted, op, kafka_offset, seen_offset,
                ${imageOf(inSilver)}`,
    }),
  ),
]

/**
 * Loads silver's states, histories and quarantine. Read it before bronze: then all that silver was made from is in what
 * is read of bronze.
 *
 * @returns from which snapshots of bronze it was made.
 * @throws when silver has no tables yet.
 */
export async function loadSilver(evidence: Evidence, catalogue: Catalogue): Promise<Recorded> {
  await evidence.clear('silver', 'versions', 'quarantine')
  // The quarantine first: what it lacks of what silver has read is known by the snapshot that it has recorded.
  const quarantine = await readTable(catalogue, 'silver', 'quarantine')
  await loadQuarantine(evidence, quarantine)
  const recorded = new Map<string, { readonly silver?: bigint; readonly quarantine?: bigint }>()
  for (const { name, topic, into, columns } of silverTables) {
    const table = await readTable(catalogue, 'silver', name)
    if (table === undefined) throw new Error(`silver has no table ${name} yet`)
    await loadFiles(evidence, into, `select '${topic}', ${columns}`, table.files)
    const silver = recordedIn(table, topic)
    const kept = quarantine === undefined ? undefined : recordedIn(quarantine, topic)
    recorded.set(topic, {
      ...(silver !== undefined && { silver }),
      ...(kept !== undefined && { quarantine: kept }),
    })
  }
  return recorded
}

async function loadQuarantine(evidence: Evidence, table: IcebergTable | undefined): Promise<void> {
  if (table === undefined) return
  const cases = silverTables.map(
    ({ topic }) => `when 'bronze.${bronzeTableNameOf(topic)}' then '${topic}'`,
  )
  const topic = `case source ${cases.join(' ')} else source end`
  const select = `select ${topic}, kafka_partition, ${offsetSql(0)}, reason`
  await loadFiles(evidence, 'quarantine', select, table.files)
}

/** Loads the changes of the captured tables that bronze holds. */
export async function loadChanges(
  evidence: Evidence,
  tables: readonly BronzeTable[],
): Promise<void> {
  await evidence.clear('changes')
  for (const { topic, key, inBronze } of captured) {
    const table = tables.find((other) => other.topic === topic)?.table
    if (table === undefined) continue
    const image = imageOf(inBronze.map((column) => `"after"->>'${column}'`))
    const offset = offsetSql(logEpochIn({ topic, table }))
    const select = `select '${topic}', kafka_partition, ${offset}, "key"->>'${key}', op, epoch_ms(told_at),
                           ${image}`
    await loadFiles(evidence, 'changes', select, table.files)
  }
}

/**
 * Loads how far silver has read bronze.
 *
 * @throws when a recorded snapshot is gone from bronze's history: then nobody can tell what silver must have.
 */
export async function loadProgress(
  evidence: Evidence,
  recorded: Recorded,
  tables: readonly BronzeTable[],
): Promise<void> {
  await evidence.clear('progress')
  // Read before bronze, silver's offsets are those of the first log, plus a span for each later one.
  for (const table of tables) {
    const behind = `- ${BigInt(logEpochIn(table)) * LOG_SPAN} where topic = '${table.topic}'`
    await evidence.run(`update quarantine set "offset" = "offset" ${behind}`)
    await evidence.run(`update versions set last_offset = last_offset ${behind}`)
    await evidence.run(`update versions set first_offset = first_offset ${behind}`)
  }
  await evidence.load(
    'progress',
    tables.flatMap((table) => progressOf(table, recorded)),
  )
}

export function progressOf(
  { topic, table }: BronzeTable,
  recorded: Recorded,
): readonly Row<'progress'>[] {
  const { silver, quarantine } = recorded.get(topic) ?? {}
  const silverEnds = endsOrNone(table, silver)
  const quarantineEnds = endsOrNone(table, quarantine)
  const names = new Set(chainOf(table).map((row) => row.topic_partition))
  return [...names].map((name) => ({
    topic,
    partition: BigInt(name.slice(name.lastIndexOf('-') + 1)),
    silver_end: silverEnds.get(name) ?? 0n,
    quarantine_end: quarantineEnds.get(name) ?? 0n,
  }))
}

function endsOrNone(table: IcebergTable, id: bigint | undefined): ReadonlyMap<string, bigint> {
  if (id === undefined) return new Map()
  const ends = endsAt(table, id)
  if (ends === undefined)
    throw new Error(`${table.name}: snapshot ${id}, recorded by silver, is gone`)
  return ends
}

/** When the oldest record was written that bronze has and silver, or its quarantine, has not read; undefined if none. */
export async function oldestUnread(evidence: Evidence): Promise<number | undefined> {
  const [row] = await evidence.query(
    `select min(since) as oldest from (
       select b.topic, b.partition, b."offset", written_at as since from bronze b join records r using (topic, partition, "offset")
       union all select topic, partition, "offset", told_at from changes
     ) join progress using (topic, partition) where "offset" >= least(silver_end, quarantine_end)`,
  )
  return row?.oldest == null ? undefined : Number(row.oldest)
}

function recordedIn({ properties }: IcebergTable, topic: string): bigint | undefined {
  const sources = JSON.parse(properties['ten-seams.sources'] ?? '{}') as Record<string, string>
  const id = sources[`bronze.${bronzeTableNameOf(topic)}`]
  return id === undefined ? undefined : BigInt(id)
}

/** Values as one text in which null and an empty text differ. */
function imageOf(values: readonly string[]): string {
  return `to_json([${values.map((value) => `(${value})::varchar`).join(', ')}])::varchar`
}
