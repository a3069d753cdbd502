import avro from 'avsc'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { differencesOf } from './differences.ts'

type Field = { readonly name: string; readonly aliases?: readonly string[] } & object

const record = (fields: readonly object[]): string =>
  JSON.stringify({ type: 'record', name: 'Thing', fields })

const nullable = (type: unknown) => ({ type: ['null', type], default: null })

/** One after another, each version keeps, renames by alias, drops or adds fields; aliases are kept or forgotten. */
const steps = fc.array(
  fc.record({
    field: fc.nat(2),
    name: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    what: fc.constantFrom('rename', 'rename', 'forget', 'drop', 'add'),
    keepsAliases: fc.boolean(),
  }),
  { minLength: 1, maxLength: 4 },
)

type Step = typeof steps extends fc.Arbitrary<readonly (infer Each)[]> ? Each : never

function after(fields: readonly Field[], { field, name, what, keepsAliases }: Step) {
  const at = field % Math.max(fields.length, 1)
  const { name: former, aliases = [], ...rest } = fields[at] ?? { name }
  const isTaken = fields.some((each) => each.name === name)
  const put = (changed: Field) => fields.with(at, changed)
  if (fields.length === 0 || what === 'add') {
    return isTaken ? fields : [...fields, { name, ...nullable('string') }]
  }
  if (what === 'drop') return fields.toSpliced(at, 1)
  if (what === 'forget') return put({ name: former, ...rest })
  const known = [former, ...(keepsAliases ? aliases : [])].filter((alias) => alias !== name)
  return isTaken ? fields : put({ name, ...rest, aliases: known })
}

function versionsBy(changes: readonly Step[]): readonly (readonly Field[])[] {
  const versions: (readonly Field[])[] = [[{ name: 'a', ...nullable('string') }]]
  for (const step of changes) versions.push(after(versions.at(-1) ?? [], step))
  return versions
}

/** What a reader has after the value has been written and read by every version, and stored anew each time. */
function carried(texts: readonly string[], value: object): object {
  const types = texts.map((text) => avro.Type.forSchema(JSON.parse(text)))
  return types.slice(1).reduce((from, reader, index) => read(reader, types[index], from), value)
}

function read(reader: avro.Type, writer: avro.Type | undefined, value: object): object {
  if (writer === undefined) throw new Error('no writer')
  return { ...reader.fromBuffer(writer.toBuffer(value), reader.createResolver(writer)) }
}

describe('what passes at BACKWARD_TRANSITIVE', { timeout: 120_000 }, () => {
  it('gives the newest version of what the first one wrote all that the versions between carry', () => {
    const seen = { refused: 0, carried: 0 }
    fc.assert(
      fc.property(steps, (changes) => {
        const texts = versionsBy(changes)
          .filter((fields) => fields.length > 0)
          .map(record)
        const [first = '', ...rest] = texts
        const isPublished = (count: number) =>
          differencesOf('avro', 'BACKWARD_TRANSITIVE', texts.slice(0, count), texts[count] ?? '')
            .length === 0
        if (!rest.every((_, index) => isPublished(index + 1))) {
          seen.refused += 1
          return
        }
        const [oldest, newest] = [first, texts.at(-1) ?? first].map((text) =>
          avro.Type.forSchema(JSON.parse(text)),
        )
        if (oldest === undefined || newest === undefined) throw new Error('no schema')
        const value = { a: 'kept' }
        const atOnce = read(newest, oldest, value)
        seen.carried += Object.values(atOnce).includes('kept') ? 1 : 0
        for (const [name, held] of Object.entries(carried(texts, value))) {
          if (held !== null) expect(atOnce).toHaveProperty(name, held)
        }
      }),
      { seed: 3, numRuns: 400 },
    )
    expect(Math.min(seen.refused, seen.carried)).toBeGreaterThan(50)
  })
})

describe('a change of a type', { timeout: 120_000 }, () => {
  const types = [
    ...['int', 'long', 'float', 'double', 'string', 'bytes', 'boolean'],
    { type: 'long', logicalType: 'timestamp-millis' },
    { type: 'array', items: 'int' },
    { type: 'array', items: 'long' },
    { type: 'record', name: 'Inner', fields: [{ name: 'x', type: 'int' }] },
    { type: 'record', name: 'Inner', fields: [{ name: 'x', type: 'long' }] },
  ]
  const pairs = types.flatMap((older) => types.map((newer) => [older, newer] as const))
  const isRefused = (older: unknown, newer: unknown, level: 'BACKWARD' | 'FORWARD') =>
    differencesOf(
      'avro',
      level,
      [record([{ name: 'note', type: older }])],
      record([{ name: 'note', type: newer }]),
    ).length > 0

  it('is refused whether or not the field becomes required, or nullable, in the same version', () => {
    const differing = pairs.filter(([older, newer]) => {
      const plain = isRefused(older, newer, 'FORWARD')
      return (
        plain !== isRefused(['null', older], newer, 'FORWARD') ||
        plain !== isRefused(['null', older], ['null', newer], 'FORWARD') ||
        isRefused(older, newer, 'BACKWARD') !== isRefused(older, ['null', newer], 'BACKWARD')
      )
    })
    expect(differing).toEqual([])
    expect(pairs.filter(([older, newer]) => !isRefused(older, newer, 'FORWARD'))).toHaveLength(
      types.length,
    )
  })
})
