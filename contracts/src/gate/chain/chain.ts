import type { StructType } from '@tenseams/iceberg/format/schema'
import { ContractError } from '../../errors.ts'
import { bronzeSchemaOf, columnsOf } from '../../generate/bronze.ts'
import { assertFlinkTables } from '../../generate/flink.ts'
import { typesOf } from '../../generate/generate.ts'
import { icebergSchemaOf } from '../../generate/iceberg.ts'
import { type ContractSchema, parseSchema } from '../../schemas.ts'
import { type ContractVersion, UndecidedError } from '../contract-set.ts'
import { LAKEHOUSE } from '../entry/changes.ts'
import { type Refusal, readersOf } from '../refusal.ts'
import type { CheckedTopic } from '../versions.ts'
import { assertControlRows, decodedSamples } from './codec.ts'
import { type EvolutionMistake, evolutionMistakes } from './evolution.ts'
import type { ParquetTrial } from './parquet.ts'

/** What a version's records go through after their codec, and what it means when it cannot be made. */
const links = {
  types: ['the TypeScript types cannot be made', 'the services are compiled with them'],
  codec: ['values cannot be written and read', 'no service could write a record of this version'],
  control: ['ticks and barriers cannot be written', 'the entry has `control: true`'],
  flink: ['the Flink tables cannot be made', 'jobs read and write topics through them'],
  columns: ['the columns in the lake cannot be made', 'the lake would stop at the first record'],
  parquet: ['the Parquet file cannot be written', 'the lake would stop at the first record'],
  table: ['the table in the lake cannot follow', 'the lake would not open the table any more'],
} as const satisfies Readonly<Record<string, readonly [what: string, why: string]>>

type Link = keyof typeof links

type Mistake = { readonly link: Link; readonly text: string }

/** What the chain depends on beside the versions. */
export type ChainOptions = {
  readonly parquet: ParquetTrial
  /** True when a Flink job writes the topic, and its table in the lake, so that it has none in bronze. */
  readonly isSink: boolean
  /** True for a version that the base has: what is published cannot be taken back. */
  readonly isPublished: (version: ContractVersion) => boolean
}

/**
 * Makes all that a version's records need on their way, with the code that makes it when the system runs: types, codec,
 * Flink's tables, bronze's columns, a Parquet file, and the table's columns after those of every earlier version.
 *
 * What a published version could not do, the next ones need not do either: only what a version adds is refused.
 *
 * @param versions those that are schemas of the topic's format, oldest first.
 * @throws UndecidedError when the trial itself fails, for example because the disk is full.
 */
export async function brokenChains(
  topic: CheckedTopic,
  versions: readonly ContractVersion[],
  options: ChainOptions,
): Promise<readonly Refusal[]> {
  const hasBronze = !options.isSink || topic.consumers.includes(LAKEHOUSE)
  const columns = hasBronze ? bronzeColumns : ownColumns
  const contracts = versions.map((version) => ({ version, contract: contractOf(topic, version) }))
  const evolutions = evolutionMistakes(contracts.map(({ contract }) => attempt(columns, contract)))
  const known = new Set<string>()
  const refusals: Refusal[] = []
  for (const [index, { version, contract }] of contracts.entries()) {
    const earlier = contracts.slice(0, index).map((each) => each.contract)
    const isNewest = index === contracts.length - 1
    const mistakes = [
      ...mistakesOf(topic, contract, earlier, { ...options, isNewest, columns }),
      ...(await parquetMistakes(contract, columns, options.parquet)),
      ...tableMistakes(evolutions[index] ?? [], versions),
    ]
    if (options.isPublished(version)) for (const { text } of mistakes) known.add(text)
    const added = mistakes.filter(({ text }) => !known.has(text))
    refusals.push(...added.map((mistake) => refusalOf(topic, version, mistake)))
  }
  return refusals
}

/** The columns of a contract's table. @throws ContractError */
type Columns = (contract: ContractSchema) => StructType

const bronzeColumns: Columns = ({ schema }) => bronzeSchemaOf(schema)
const ownColumns: Columns = ({ schema }) => icebergSchemaOf(schema)

function contractOf(
  { name, format }: CheckedTopic,
  { version, file, text }: ContractVersion,
): ContractSchema {
  return { topic: name, version, format, file, text, schema: parseSchema(text, file) }
}

function mistakesOf(
  { control }: CheckedTopic,
  contract: ContractSchema,
  earlier: readonly ContractSchema[],
  options: Pick<ChainOptions, 'isSink'> & { readonly isNewest: boolean; readonly columns: Columns },
): readonly Mistake[] {
  const { isSink, isNewest, columns } = options
  return [
    ...mistakeIn('types', () => typesOf(contract)),
    ...mistakeIn('codec', () => decodedSamples(contract)),
    ...(control && isNewest ? mistakeIn('control', () => assertControlRows(contract)) : []),
    ...mistakeIn('flink', () => assertFlinkTables(contract, earlier, isSink)),
    ...mistakeIn('columns', () => columns(contract)),
  ]
}

/** None where the columns or the values, without which nothing can be written, have mistakes of their own. */
async function parquetMistakes(
  contract: ContractSchema,
  columns: Columns,
  parquet: ParquetTrial,
): Promise<readonly Mistake[]> {
  const schema = attempt(columns, contract)
  const values = attempt(decodedSamples, contract)
  if (schema === undefined || values === undefined) return []
  const origin = { kafka_partition: 0, kafka_offset: 0n, kafka_timestamp: 0n, schema_id: 1 }
  try {
    const toColumns = columnsOf(contract.schema)
    await parquet.write(
      schema,
      values.map((value) => ({ ...origin, ...toColumns(value) })),
    )
    return []
  } catch (error) {
    return reasonsIn(error).map((text) => ({ link: 'parquet', text }))
  }
}

function tableMistakes(
  found: readonly EvolutionMistake[],
  versions: readonly ContractVersion[],
): readonly Mistake[] {
  return [...Map.groupBy(found, ({ mistake }) => mistake)].map(([mistake, alike]) => {
    const made = alike.map(({ earlier }) => versions[earlier - 1]?.version ?? earlier)
    return { link: 'table', text: `made by version ${made.join(', ')}: ${mistake}` }
  })
}

function mistakeIn(link: Link, make: () => unknown): readonly Mistake[] {
  try {
    make()
    return []
  } catch (error) {
    return reasonsIn(error).map((text) => ({ link, text }))
  }
}

/** Undefined where it throws; the mistake itself is reported by `mistakeIn`. */
function attempt<Made>(make: (of: ContractSchema) => Made, of: ContractSchema): Made | undefined {
  try {
    return make(of)
  } catch {
    return undefined
  }
}

/** @throws UndecidedError for a failure that says nothing about the contract. */
function reasonsIn(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return [String(error)]
  if ('syscall' in error || ('retriable' in error && error.retriable === true)) {
    throw new UndecidedError('the chain of a contract could not be tried', { cause: error })
  }
  const lines = error.message.split('\n')
  // Our own errors have a mistake in each line, those of others a mistake and where it is.
  return error instanceof ContractError ? lines : lines.slice(0, 1)
}

function refusalOf(
  topic: CheckedTopic,
  { file, note = '' }: ContractVersion,
  { link, text }: Mistake,
): Refusal {
  const [what, why] = links[link]
  return {
    where: `${topic.name}: ${file}`,
    what: `${note}${what}: ${text}`,
    why,
    whom: readersOf(topic),
    todo: 'change the new version: another name, or a type that Node, Flink and the lake all take; what must be so needs a new topic',
  }
}
