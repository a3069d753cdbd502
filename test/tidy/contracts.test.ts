import { expect, test } from 'vitest'
import { looseContracts, versionsWithoutRecords } from './contracts.ts'

const topics = 'topics:\n  a.b.v1:\n    deadLetter: a.b.v1.dead-letter\n'

function treeOf(yaml: string, ...schemas: string[]): ReadonlyMap<string, string> {
  return new Map([
    ['contracts/topics.yaml', yaml],
    ...schemas.map((schema) => [`contracts/events/${schema}`, '{}'] as const),
  ])
}

test('a topic with a dead letter topic and all versions of its schema passes', () => {
  expect(looseContracts(treeOf(topics, 'a.b.v1/1.avsc', 'a.b.v1/2.avsc'))).toEqual([])
})

test.each([
  ['no dead letter topic', treeOf('topics:\n  a.b.v1: {}\n', 'a.b.v1/1.avsc')],
  ['no schema', treeOf(topics)],
  ['not 1 to 2', treeOf(topics, 'a.b.v1/1.avsc', 'a.b.v1/3.avsc')],
  ['not 1 to 1', treeOf(topics, 'a.b.v1/final.avsc')],
  ['belongs to no topic', treeOf(topics, 'a.b.v1/1.avsc', 'c.d.v1/1.avsc')],
  ['has no topics', treeOf('')],
])('is refused: %s', (sentence, tree) => {
  expect(looseContracts(tree)).toEqual([expect.stringContaining(sentence)])
})

test('a version without records is refused, and so are records without a version', () => {
  const events = ['contracts/events/a.b.v1/1.avsc', 'contracts/events/a.b.v1/2.avsc']
  const both = ['contracts/records/a.b.v1/1.json', 'contracts/records/a.b.v1/2.json']
  const of = (...files: string[]) =>
    versionsWithoutRecords(new Map(files.map((file) => [file, '{}'])))
  expect(of(...events, ...both)).toEqual([])
  expect(of(...events, 'contracts/records/a.b.v1/1.json')).toEqual([
    expect.stringContaining('contracts/records/a.b.v1/2.json is missing'),
  ])
  expect(of('contracts/events/a.b.v1/1.proto', ...both)).toEqual([
    expect.stringContaining('contracts/records/a.b.v1/2.json has no version'),
  ])
})
