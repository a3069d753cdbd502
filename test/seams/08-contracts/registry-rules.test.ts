import { registryFindings } from '@tenseams/contracts/gate/registry-differences'
import { registryFileOf } from '@tenseams/contracts/gate/registry-file'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { allowedByRegistry } from './registry-classes.ts'

/** Few names, so that two random files have much in common and still differ. */
const types = [
  ...['string', 'int32', 'int64', 'bytes', 'A', 'N', 'T.N', '.p.v1.A', 'p.v1.B', 'E'],
  ...['map<string, A>', 'map<string,string>'],
]

const field = fc.record({
  name: fc.constantFrom('a', 'b', 'c', 'd'),
  number: fc.integer({ min: 2, max: 5 }),
  type: fc.constantFrom(...types),
  label: fc.constantFrom('', '', '', 'optional', 'repeated'),
  isInOneof: fc.boolean(),
})

type Field = typeof field extends fc.Arbitrary<infer Each> ? Each : never

const parts = fc.record({
  fields: fc
    .uniqueArray(field, { selector: ({ name }) => name, maxLength: 3 })
    .map((all) => all.filter(({ number }, at) => all.findIndex((f) => f.number === number) === at)),
  reserved: fc.subarray(['6', '7 to 9', '8 to 12', '"e"', '"f"', '14'], { maxLength: 3 }),
  nested: fc.constantFrom('', 'message N {}', 'message N { message N { string q = 1; } }'),
  others: fc.subarray([
    'message A { string x = 1; }',
    'message B { string x = 1; int64 y = 2; }',
    'message C { reserved 4; }',
    'enum E { U = 0; V = 1; }',
    'enum F { option allow_alias = true; G = 0; H = 1; I = 1; }',
    'service S { rpc R(T) returns (T); }',
    'service S2 { rpc R(T) returns (stream .p.v1.T); rpc Q(T) returns (T); }',
  ]),
})

type Parts = typeof parts extends fc.Arbitrary<infer Each> ? Each : never

function textOf({ fields, reserved, nested, others }: Parts): string {
  const isBranch = ({ isInOneof, label, type }: Field) =>
    isInOneof && label === '' && !type.startsWith('map')
  const line = ({ label, type, name, number }: Field) =>
    `${type.startsWith('map') ? '' : label} ${type} ${name} = ${number};`
  const [branches, plain] = [fields.filter(isBranch), fields.filter((each) => !isBranch(each))]
  return [
    'syntax = "proto3"; package p.v1; message T { string id = 1;',
    ...plain.map(line),
    branches.length === 0 ? '' : `oneof body { ${branches.map(line).join(' ')} }`,
    ...reserved.map((each) => `reserved ${each};`),
    `${nested} }`,
    ...others,
  ].join('\n')
}

/** Mostly pairs that differ in one part only. */
const change = fc
  .tuple(parts, parts, fc.constantFrom('fields', 'reserved', 'nested', 'others', 'all'))
  .map(([before, other, part]) => {
    const after = part === 'all' ? other : { ...before, [part]: other[part] }
    return { before: textOf(before), after: textOf(after) }
  })

test('what the check says of the registry, the registry’s own classes say, too', () => {
  const changes = fc.sample(change, { seed: 5, numRuns: 4_000 }).filter(isResolvable)
  const allowed = allowedByRegistry(changes)
  const differing = changes.filter(({ before, after }, index) => {
    const findings = registryFindings(registryFileOf(before), registryFileOf(after), 'backward')
    return (findings.length === 0) !== allowed[index]
  })
  expect(differing).toEqual([])
  const count = allowed.filter((each) => each).length
  expect(Math.min(count, allowed.length - count)).toBeGreaterThan(300)
}, 180_000)

/** Every type that is named is there. */
function isResolvable({ before, after }: { readonly before: string; readonly after: string }) {
  try {
    return [before, after].every((text) => registryFileOf(text).messages.size > 0)
  } catch {
    return false
  }
}
