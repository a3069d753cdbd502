import { expect, test } from 'vitest'
import { looseContracts, versionsWithoutRecords } from './contracts.ts'

const topics = 'topics:\n  a.b.v1:\n    deadLetter: a.b.v1.dead-letter\n'

function house(yaml: string, ...schemas: string[]): ReadonlyMap<string, string> {
  return new Map([
    ['contracts/topics.yaml', yaml],
    ...schemas.map((schema) => [`contracts/events/${schema}`, '{}'] as const),
  ])
}

test('a topic with a dead letter topic and all versions of its schema is in order', () => {
  expect(looseContracts(house(topics, 'a.b.v1/1.avsc', 'a.b.v1/2.avsc'))).toEqual([])
})

test.each([
  ['no dead letter topic', house('topics:\n  a.b.v1: {}\n', 'a.b.v1/1.avsc')],
  ['no schema', house(topics)],
  ['not 1 to 2', house(topics, 'a.b.v1/1.avsc', 'a.b.v1/3.avsc')],
  ['not 1 to 1', house(topics, 'a.b.v1/final.avsc')],
  ['belongs to no topic', house(topics, 'a.b.v1/1.avsc', 'c.d.v1/1.avsc')],
  ['has no topics', house('')],
])('found: %s', (sentence, tree) => {
  expect(looseContracts(tree)).toEqual([expect.stringContaining(sentence)])
})

test('each version of a schema has records that it wrote, and no records are left over', () => {
  const events = ['contracts/events/a.b.v1/1.avsc', 'contracts/events/a.b.v1/2.avsc']
  const both = ['contracts/records/a.b.v1/1.json', 'contracts/records/a.b.v1/2.json']
  const of = (...files: string[]) =>
    versionsWithoutRecords(new Map(files.map((file) => [file, '{}'])))
  expect(of(...events, ...both)).toEqual([])
  expect(of(...events, 'contracts/records/a.b.v1/1.json')).toEqual([
    expect.stringContaining('contracts/records/a.b.v1/2.json is missing'),
  ])
  expect(of('contracts/events/a.b.v1/1.proto', ...both)).toEqual([
    expect.stringContaining('contracts/records/a.b.v1/2.json is of no version'),
  ])
})
