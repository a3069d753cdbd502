import { describe, expect, it } from 'vitest'
import { differencesOf } from './gate/differences.ts'
import { samplesOf } from './generate/samples.ts'
import { MOST_OPEN_BRACKETS, tooDeep } from './nesting.ts'
import { parseSchema } from './schemas.ts'

const inRecord = (type: unknown, name = 'Thing') => ({
  type: 'record',
  name,
  fields: [{ name: 'note', type }],
})

/** Records of a nullable record each, and text in the innermost. */
function nullables(depth: number, innermost: unknown = 'string'): string {
  let type: unknown = innermost
  for (let level = 0; level < depth; level++) {
    type = ['null', inRecord(type, `Level${level}`)]
  }
  return JSON.stringify(inRecord(type))
}

/** A text, since JSON.stringify would run out of stack, too. */
function arrays(depth: number): string {
  const type = `${'{"type":"array","items":'.repeat(depth)}"string"${'}'.repeat(depth)}`
  return `{"type":"record","name":"Thing","fields":[{"name":"note","type":${type}}]}`
}

const inFile = (text: string) => `syntax = "proto3";\npackage shop.thing.v1;\n${text}`

/** Each message uses the next one twice. */
function doubled(depth: number): string {
  const messages = Array.from({ length: depth }, (_, level) => {
    const next = level + 1 < depth ? `M${level + 1}` : 'string'
    return `message M${level} { ${next} left = 1; ${next} right = 2; }`
  })
  return inFile(messages.join('\n'))
}

function chained(depth: number): string {
  const messages = Array.from({ length: depth }, (_, level) => {
    return `message M${level} { ${level + 1 < depth ? `M${level + 1}` : 'string'} next = 1; }`
  })
  return inFile(messages.join('\n'))
}

function within(depth: number): string {
  const open = Array.from({ length: depth }, (_, level) => `message M${level} { string id = 1;`)
  return inFile(`${open.join('')}${'}'.repeat(depth)}`)
}

describe('a schema that nests', { timeout: 20_000 }, () => {
  it.each([16, 45])('%i nullable records deep is compared at once', (depth) => {
    const older = nullables(depth)
    expect(differencesOf('avro', 'FULL_TRANSITIVE', [older], older)).toEqual([])
    const [difference, ...more] = differencesOf('avro', 'FULL', [older], nullables(depth, 'long'))
    expect([difference?.rule, more]).toEqual(['type-changed', []])
    expect(difference?.path.split('.')).toHaveLength(depth + 1)
  })

  it('is compared at once when each record names the next one twice', () => {
    const deep = (innermost: string, level = 0): unknown => ({
      type: 'record',
      name: `Level${level}`,
      fields: [
        { name: 'left', type: level < 30 ? deep(innermost, level + 1) : innermost },
        { name: 'right', type: level < 30 ? `Level${level + 1}` : innermost },
      ],
    })
    const [older, newer] = [deep('string'), deep('long')].map((schema) => JSON.stringify(schema))
    const found = differencesOf('avro', 'BACKWARD', [String(older)], String(newer))
    expect(new Set(found.map(({ rule }) => rule))).toEqual(new Set(['type-changed']))
    expect(found.length).toBeLessThanOrEqual(100)
  })

  it.each([
    ['avro', arrays(4_000), 'a.avsc'],
    ['avro', arrays(100_000), 'a.avsc'],
    ['avro', nullables(60), 'a.avsc'],
    ['protobuf', within(4_000), 'a.proto'],
  ] as const)('too deeply is refused in one line: %s', (format, text, file) => {
    const differences = differencesOf(format, 'FULL', [text], text)
    expect(differences.map(({ rule }) => rule)).toEqual(['too-deep'])
    expect(differences[0]?.what).toMatch(/^more than 200 brackets are nested, .*make it flatter$/)
    expect(() => parseSchema(text, file)).toThrow(
      /^a\.\w+ cannot be used:\n {2}more than 200 [^\n]*$/,
    )
  })

  it('in its texts and comments only is not deep', () => {
    const brackets = '[{'.repeat(MOST_OPEN_BRACKETS)
    expect(tooDeep(JSON.stringify({ doc: `"${brackets}\\`, type: 'string' }))).toBeUndefined()
    expect(tooDeep(`// ${brackets}\n/* ${brackets} ' */ message A {}`)).toBeUndefined()
    expect(tooDeep(`{"doc":"${'x'.repeat(5_000_000)}"}`)).toBeUndefined()
    expect(tooDeep(`"${brackets}`)).toBeDefined()
  })

  it('to many fields, because its messages use each other, is refused in one line', () => {
    expect(parseSchema(doubled(10), 'a.proto').fields).toHaveLength(2)
    expect(() => parseSchema(doubled(30), 'a.proto')).toThrow(
      /^a\.proto cannot be used:\n {2}M\d+ has more than 10000 fields with those it uses$/,
    )
    expect(() => parseSchema(chained(4_000), 'a.proto')).toThrow(/more than 50 messages/)
  })

  it('lists has samples of a size that does not double with each', () => {
    const schema = parseSchema(arrays(40), 'a.avsc')
    expect(JSON.stringify(samplesOf(schema).map(({ value }) => value)).length).toBeLessThan(1_000)
  })
})
