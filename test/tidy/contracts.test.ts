import { expect, test } from 'vitest'
import { looseContracts } from './contracts.ts'

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
