import { LakehouseError } from '../errors.ts'
import { type ColumnType, type Field, matchType, type StructType } from '../format/schema.ts'
import { Ids, withNewIds } from './new-ids.ts'
import { isPromotion, isSameType } from './promotion.ts'

/** One change to a column, for a log. */
export type SchemaChange = {
  readonly kind: 'added' | 'renamed' | 'widened' | 'relaxed' | 'moved'
  /** The column's path in the new schema: names from the top, joined by dots. */
  readonly column: string
}

export type EvolutionPlan = {
  readonly schema: StructType
  readonly lastColumnId: number
  readonly changes: readonly SchemaChange[]
}

export type EvolutionOptions = {
  /**
   * How a column of the wanted schema is matched. `name`: by its name, else by one of its aliases; ids are ignored. `id`: the
   * wanted schema was derived from the table's own, so an id identifies the column, and a new name renames it.
   */
  readonly matching?: 'name' | 'id'
  /**
   * `keep`: known columns keep their order and new ones come last. `as-wanted`: the wanted order, then the columns that it
   * lacks. Two writers with different orders would undo each other's changes, so it is not the default.
   */
  readonly order?: 'keep' | 'as-wanted'
  /** All schemas of the table so far: they tell a writer that does not know of a rename from one with a new column. */
  readonly earlier?: readonly StructType[]
}

/** One plan in the making. */
export class Evolution {
  readonly changes: SchemaChange[] = []
  readonly #ids: Ids
  readonly #options: EvolutionOptions
  readonly #formerNames: ReadonlyMap<number, ReadonlySet<string>>

  constructor(lastColumnId: number, options: EvolutionOptions) {
    this.#ids = new Ids(lastColumnId)
    this.#options = options
    this.#formerNames = namesById(options.earlier ?? [])
  }

  get lastId(): number {
    return this.#ids.last
  }

  struct(current: StructType, wanted: StructType, parent: string): StructType {
    const pairs = this.#pair(current, wanted, parent)
    const claimed = new Map(
      pairs.flatMap(({ known, change }) => (known === undefined ? [] : [[known.id, change]])),
    )
    const evolved = new Map(
      current.fields.map((field) => [field.id, this.#known(field, claimed.get(field.id), parent)]),
    )
    const added = new Map(
      pairs
        .filter(({ known }) => known === undefined)
        .map(({ change }) => [change, this.#added(change, parent)]),
    )
    const fields =
      this.#options.order === 'as-wanted'
        ? this.#ordered(evolved, added, pairs, parent)
        : [...evolved.values(), ...added.values()]
    assertNamesDiffer(fields, parent)
    return { type: 'struct', fields }
  }

  /** Each wanted column with the table's column that it is, if the table has it. */
  #pair(current: StructType, wanted: StructType, parent: string): readonly Pair[] {
    const claims = new Map<number, Field>()
    const pairs = wanted.fields.map((change) => {
      const known = this.#find(current, wanted, change)
      const other = known === undefined ? undefined : claims.get(known.id)
      if (known !== undefined && other !== undefined) {
        const both = `${other.name} and ${change.name} both match the column ${pathOf(parent, known.name)}`
        throw incompatible(both, 'leave the alias (or the id) at one of them')
      }
      if (known !== undefined) claims.set(known.id, change)
      return { change, known }
    })
    for (const { change, known } of pairs) {
      if (known === undefined) this.#assertNotRenamedAway(current, claims, change, parent)
    }
    return pairs
  }

  #find(current: StructType, wanted: StructType, change: Field): Field | undefined {
    if (this.#options.matching === 'id') return current.fields.find(({ id }) => id === change.id)
    const named = current.fields.find(({ name }) => name === change.name)
    if (named !== undefined) return named
    const taken = new Set(wanted.fields.map(({ name }) => name))
    const aliases = (change.aliases ?? []).filter((alias) => !taken.has(alias))
    return current.fields.find(({ name }) => aliases.includes(name))
  }

  /** A writer that knows only the old name would add a second column beside the renamed one. */
  #assertNotRenamedAway(
    current: StructType,
    claims: ReadonlyMap<number, Field>,
    change: Field,
    parent: string,
  ): void {
    const renamed = current.fields.find(
      ({ id }) => !claims.has(id) && this.#formerNames.get(id)?.has(change.name) === true,
    )
    if (renamed === undefined) return
    throw incompatible(
      `column ${pathOf(parent, change.name)} is called ${renamed.name} by now`,
      `use a schema that knows ${renamed.name}, or another name for a new column`,
    )
  }

  #known(field: Field, change: Field | undefined, parent: string): Field {
    const column = pathOf(parent, change?.name ?? field.name)
    const required = field.required && change?.required === true
    if (required !== field.required) this.changes.push({ kind: 'relaxed', column })
    if (change === undefined) return { ...field, required }
    if (change.name !== field.name) this.changes.push({ kind: 'renamed', column })
    return { ...field, name: change.name, required, type: this.#type(field, change, column) }
  }

  #type(field: Typed, change: Typed, column: string): ColumnType {
    const [from, to] = [field.type, change.type]
    if (typeof from === 'string' && typeof to === 'string') {
      if (isSameType(from, to) || isPromotion(to, from)) return from
      if (!isPromotion(from, to)) throw typeChanged(column, from, to)
      this.changes.push({ kind: 'widened', column })
      return to
    }
    if (typeof from === 'string' || typeof to === 'string') throw typeChanged(column, from, to)
    if (from.type === 'struct' && to.type === 'struct') return this.struct(from, to, column)
    if (from.type === 'list' && to.type === 'list') {
      const child = pathOf(column, 'element')
      const kept = this.#stillRequired(from['element-required'], to['element-required'], child)
      const element = this.#type({ type: from.element }, { type: to.element }, child)
      return { ...from, element, 'element-required': kept }
    }
    if (from.type === 'map' && to.type === 'map') {
      const [key, child] = [pathOf(column, 'key'), pathOf(column, 'value')]
      // Keys of a changed struct or of another width would no longer equal those already written.
      if (JSON.stringify(keyShape(from.key)) !== JSON.stringify(keyShape(to.key))) {
        throw typeChanged(key, from.key, to.key)
      }
      const kept = this.#stillRequired(from['value-required'], to['value-required'], child)
      const value = this.#type({ type: from.value }, { type: to.value }, child)
      return { ...from, value, 'value-required': kept }
    }
    throw typeChanged(column, from, to)
  }

  #stillRequired(current: boolean, wanted: boolean, column: string): boolean {
    if (current && !wanted) this.changes.push({ kind: 'relaxed', column })
    return current && wanted
  }

  #added(change: Field, parent: string): Field {
    this.changes.push({ kind: 'added', column: pathOf(parent, change.name) })
    const id = this.#ids.next()
    const { aliases: _aliases, ...field } = change
    return { ...field, id, required: false, type: withNewIds(change.type, this.#ids) }
  }

  #ordered(
    evolved: ReadonlyMap<number, Field>,
    added: ReadonlyMap<Field, Field>,
    pairs: readonly Pair[],
    parent: string,
  ): readonly Field[] {
    const wanted = pairs.flatMap(({ known, change }) => {
      const field = known === undefined ? added.get(change) : evolved.get(known.id)
      return field === undefined ? [] : [field]
    })
    const chosen = new Set(wanted)
    const before = [...evolved.values()]
    const after = [...wanted, ...before.filter((field) => !chosen.has(field))]
    const known = after.filter(({ id }) => evolved.has(id))
    const moved = known.filter((field, index) => field !== before[index])
    for (const { name } of moved) this.changes.push({ kind: 'moved', column: pathOf(parent, name) })
    return after
  }
}

type Pair = { readonly change: Field; readonly known: Field | undefined }

type Typed = { readonly type: ColumnType }

function namesById(schemas: readonly StructType[]): ReadonlyMap<number, ReadonlySet<string>> {
  const names = new Map<number, Set<string>>()
  const collect = (type: ColumnType): void =>
    matchType<void>(type, {
      primitive: () => undefined,
      struct: ({ fields }) => {
        for (const field of fields) {
          names.set(field.id, (names.get(field.id) ?? new Set()).add(field.name))
          collect(field.type)
        }
      },
      list: ({ element }) => collect(element),
      map: ({ value }) => collect(value),
    })
  for (const schema of schemas) collect(schema)
  return names
}

/** Two key types are the same when their names and types are, whatever their ids. */
function keyShape(type: ColumnType): unknown {
  return matchType<unknown>(type, {
    primitive: (primitive) => primitive.replaceAll(' ', ''),
    struct: ({ fields }) => fields.map((field) => [field.name, keyShape(field.type)]),
    list: ({ element }) => ({ element: keyShape(element) }),
    map: ({ key, value }) => ({ key: keyShape(key), value: keyShape(value) }),
  })
}

function assertNamesDiffer(fields: readonly Field[], parent: string): void {
  const names = new Set<string>()
  for (const { name } of fields) {
    if (names.has(name)) {
      const twice = `two columns would be called ${pathOf(parent, name)}`
      throw incompatible(twice, 'give one of them another name')
    }
    names.add(name)
  }
}

function pathOf(parent: string, name: string): string {
  return parent === '' ? name : `${parent}.${name}`
}

function typeChanged(column: string, from: ColumnType, to: ColumnType): LakehouseError {
  return incompatible(
    `column ${column} cannot change from ${typeName(from)} to ${typeName(to)}`,
    'write to a new topic and its new table, or to a new column',
  )
}

function typeName(type: ColumnType): string {
  return typeof type === 'string' ? type : type.type
}

function incompatible(what: string, wayOut: string): LakehouseError {
  return new LakehouseError('SCHEMA_INCOMPATIBLE', `${what}: ${wayOut}`)
}
