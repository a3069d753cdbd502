import { messageOf } from '@tenseams/codec/errors'
import { type ColumnType, type StructType, withoutAliases } from '@tenseams/iceberg/format/schema'
import { planEvolution } from '@tenseams/iceberg/table/evolve'

/** A bronze table as versions of its contract have made it. */
type Table = {
  readonly schema: StructType
  readonly lastColumnId: number
  /** All its schemas so far. */
  readonly schemas: readonly StructType[]
}

/** Why a table that an earlier version made cannot hold the rows of a newer one. */
export type EvolutionMistake = { readonly earlier: number; readonly mistake: string }

/**
 * Follows a topic's bronze table from every version with which it may have been made: a table of this project gets the
 * columns of the newest published contract, so it may skip versions, and it may have seen each.
 *
 * @param schemas the columns of each version, oldest first; undefined for a version that has none.
 * @returns for each version, why a table cannot follow it.
 */
export function evolutionMistakes(
  schemas: readonly (StructType | undefined)[],
): readonly (readonly EvolutionMistake[])[] {
  const tables = new Map<number, Table>()
  return schemas.map((wanted, index) => {
    if (wanted === undefined) return []
    const mistakes = [...tables].flatMap(([version, table]): readonly EvolutionMistake[] => {
      const first = schemas[version - 1]
      if (first === undefined) return []
      const result = followed(table, first, wanted)
      if ('mistake' in result) return [{ earlier: version, mistake: result.mistake }]
      tables.set(version, result)
      return []
    })
    tables.set(index + 1, madeOf(wanted))
    return mistakes
  })
}

function madeOf(wanted: StructType): Table {
  const schema = withoutAliases(wanted)
  return { schema, lastColumnId: Math.max(0, ...namesById(schema).keys()), schemas: [schema] }
}

/** The table with the columns of a version, whether it has seen each version before it or only its first. */
function followed(
  table: Table,
  first: StructType,
  wanted: StructType,
): Table | { readonly mistake: string } {
  try {
    const result = evolved(table, wanted)
    const skipping = namesById(evolved(madeOf(first), wanted).schema)
    const names = namesById(result.schema)
    const moved = [...namesById(first)].find(([id]) => names.get(id) !== skipping.get(id))
    if (moved === undefined) return result
    const [id, name] = moved
    const both = `${names.get(id)} in a table that followed each version, ${skipping.get(id)} in one that did not`
    return { mistake: `the column ${name} is ${both}: name every former name in \`aliases\`` }
  } catch (error) {
    return { mistake: messageOf(error) }
  }
}

/** @throws LakehouseError SCHEMA_INCOMPATIBLE */
function evolved({ schema, lastColumnId, schemas }: Table, wanted: StructType): Table {
  const plan = planEvolution(schema, wanted, lastColumnId, { earlier: schemas })
  if (plan === undefined) return { schema, lastColumnId, schemas }
  return { ...plan, schemas: [...schemas, plan.schema] }
}

/** Every column's path, by its id. */
function namesById(schema: StructType): ReadonlyMap<number, string> {
  const names = new Map<number, string>()
  const collect = (type: ColumnType, parent: string): void => {
    if (typeof type === 'string') return
    if (type.type === 'list') {
      names.set(type['element-id'], `${parent}.element`)
      collect(type.element, `${parent}.element`)
    }
    if (type.type !== 'struct') return
    for (const field of type.fields) {
      const path = parent === '' ? field.name : `${parent}.${field.name}`
      names.set(field.id, path)
      collect(field.type, path)
    }
  }
  collect(schema, '')
  return names
}
