import avro from 'avsc'
import { branchesOf, sourceOf } from './avro-resolution.ts'

const { ArrayType, MapType, RecordType } = avro.types

/** Types of two schemas at the same place, where a field is also found by its aliases. */
export type Pair = {
  /** The place in the newer schema. */
  readonly path: string
  /** The place in the older schema, in which a field may have another name. */
  readonly olderPath: string
  readonly newer: avro.Type
  readonly older: avro.Type
}

/** Every pair. The types of a nullable one are those of its value, and each pair of records is looked into once. */
export function pairsOf(newer: avro.Type, older: avro.Type): readonly Pair[] {
  return pairsFrom({ path: '', olderPath: '', newer, older }, new Map())
}

/** Newer records, with the older ones that each was compared with. */
type Seen = Map<avro.Type, Set<avro.Type>>

function pairsFrom({ path, olderPath, ...both }: Pair, seen: Seen): readonly Pair[] {
  const [newer, older] = [heldBy(both.newer), heldBy(both.older)]
  if (newer === undefined || older === undefined) return []
  const here = { path, olderPath, newer, older }
  const inside = (step: string, within: Pick<Pair, 'newer' | 'older'>) =>
    pairsFrom({ path: path + step, olderPath: olderPath + step, ...within }, seen)
  if (newer instanceof ArrayType && older instanceof ArrayType) {
    return [here, ...inside('[]', { newer: newer.itemsType, older: older.itemsType })]
  }
  if (newer instanceof MapType && older instanceof MapType) {
    return [here, ...inside('{}', { newer: newer.valuesType, older: older.valuesType })]
  }
  if (!(newer instanceof RecordType && older instanceof RecordType)) return [here]
  if (isSeen(seen, newer, older)) return []
  const fields = fieldsOf(here).flatMap(({ to, from }) =>
    pairsFrom(
      {
        ...{ path: below(path, to.name), olderPath: below(olderPath, from.name) },
        ...{ newer: to.type, older: from.type },
      },
      seen,
    ),
  )
  return [here, ...fields]
}

function isSeen(seen: Seen, newer: avro.Type, older: avro.Type): boolean {
  const others = seen.get(newer) ?? new Set()
  seen.set(newer, others)
  if (others.has(older)) return true
  others.add(older)
  return false
}

/** The one branch that is not null; undefined for a general union, which no contract may have. */
function heldBy(type: avro.Type): avro.Type | undefined {
  const values = branchesOf(type).filter(({ typeName }) => typeName !== 'null')
  return values.length === 1 ? values[0] : undefined
}

type FieldPair = { readonly from: avro.types.Field; readonly to: avro.types.Field }

/** Each field of a newer record that reads one of the older record, with that one. */
export function fieldsOf({ newer, older }: Pair): readonly FieldPair[] {
  if (!(newer instanceof RecordType && older instanceof RecordType)) return []
  return newer.fields.flatMap((to) => {
    const from = sourceOf(to, older)
    return from === undefined ? [] : [{ from, to }]
  })
}

/**
 * Where an older version has what the fields of a newer one hold, by path, when every version reads the one before it. A
 * field whose name changed twice is found, though the newer version may not know its first name.
 *
 * @param types of consecutive versions, oldest first.
 */
export function lineageOf(types: readonly avro.Type[]): ReadonlyMap<string, string> {
  const steps = types.slice(1).map((newer, index) => linksBetween(newer, types[index] ?? newer))
  const last = steps.at(-1) ?? new Map<string, string>()
  const origins = [...last].flatMap(([path]) => {
    const origin = steps.reduceRight<string | undefined>(
      (at, links) => (at === undefined ? undefined : links.get(at)),
      path,
    )
    return origin === undefined ? [] : [[path, origin] as const]
  })
  return new Map(origins)
}

function linksBetween(newer: avro.Type, older: avro.Type): ReadonlyMap<string, string> {
  const links = pairsOf(newer, older).flatMap((pair) =>
    fieldsOf(pair).map(
      ({ from, to }) => [below(pair.path, to.name), below(pair.olderPath, from.name)] as const,
    ),
  )
  return new Map(links)
}

export function below(path: string, field: string): string {
  return path === '' ? field : `${path}.${field}`
}
