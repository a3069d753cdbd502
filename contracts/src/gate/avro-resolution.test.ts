import avro from 'avsc'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readingProblems, refusalOf } from './avro-resolution.ts'

type Shape = Readonly<Record<string, unknown>> | string | readonly unknown[]

const primitive = fc.constantFrom('boolean', 'int', 'long', 'double', 'string', 'bytes')

/** Few names, so that two random schemas have much in common and still differ. */
const named = (name: string, type: Shape): Shape => ({
  type: 'record',
  name,
  fields: [{ name: 'x', type }],
})

const { shape } = fc.letrec<{ readonly shape: Shape }>((tie) => ({
  shape: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    primitive,
    primitive.map((type) => ['null', type]),
    fc
      .subarray(['A', 'B', 'C'], { minLength: 1 })
      .map((symbols) => ({ type: 'enum', name: 'E', symbols })),
    fc.constantFrom(4, 8).map((size) => ({ type: 'fixed', name: 'F', size })),
    tie('shape').map((items) => ({ type: 'array', items })),
    tie('shape').map((values) => ({ type: 'map', values })),
  ),
}))

const field = fc.record({
  name: fc.constantFrom('a', 'b', 'c'),
  aliases: fc.subarray(['a', 'b', 'd'], { maxLength: 1 }),
  type: fc.oneof(
    shape,
    primitive.map((type) => named('Inner', type)),
    primitive.map((type) => ['null', named('Inner', type)]),
  ),
  isOptional: fc.boolean(),
})

const schema = fc
  .uniqueArray(field, { selector: ({ name }) => name, maxLength: 3 })
  .map((fields) => ({
    type: 'record',
    name: 'Thing',
    fields: fields.map(({ isOptional, ...of }, index) => {
      const type = ownNames(of.type, index)
      return isOptional && !Array.isArray(type)
        ? { ...of, type: ['null', type], default: null }
        : { ...of, type }
    }),
  }))

/** Avro allows each name once in a schema. The types of a field have the same names in every schema. */
function ownNames(type: unknown, index: number): unknown {
  return JSON.parse(JSON.stringify(type).replaceAll(/"name":"([A-Z]\w*)"/g, `"name":"$1${index}"`))
}

describe('the walk over two schemas', { timeout: 120_000 }, () => {
  it('finds a problem where avsc cannot read, and none where it can', () => {
    const seen = { readable: 0, unreadable: 0 }
    fc.assert(
      fc.property(schema, schema, (newer, older) => {
        const [reader, writer] = [typeOf(newer), typeOf(older)]
        fc.pre(reader !== undefined && writer !== undefined)
        if (reader === undefined || writer === undefined) return
        const isReadable = refusalOf(reader, writer) === undefined
        seen[isReadable ? 'readable' : 'unreadable'] += 1
        const problems = readingProblems(reader, writer)
          .map(({ rule }) => rule)
          // Of what Avro's Java refuses in a schema or reads otherwise, avsc knows nothing.
          .filter((rule) => rule !== 'alias-own-name' && rule !== 'alias-shared')
        expect(problems.length === 0).toBe(isReadable)
        // Everything that avsc refuses has a rule of its own.
        expect(problems).not.toContain('other')
      }),
      { seed: 8, numRuns: 2_000 },
    )
    expect(Math.min(seen.readable, seen.unreadable)).toBeGreaterThan(100)
  })
})

/** Undefined for a schema that Avro does not allow, for example with one name twice. */
function typeOf(json: unknown): avro.Type | undefined {
  try {
    return avro.Type.forSchema(json as avro.Schema)
  } catch {
    return undefined
  }
}
