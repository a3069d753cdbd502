import { expect, test } from 'vitest'
import { differences } from './comparison.ts'

const both = [
  { key: 'a', text: '1' },
  { key: 'b', text: '2' },
]

test('equal sides have no differences', () => {
  expect(differences('t', both, both.toReversed())).toEqual([])
})

test('what is lost, doubled, changed or invented is named', () => {
  const found = [
    { key: 'b', text: '3' },
    { key: 'b', text: '2' },
    { key: 'c', text: '1' },
  ]
  expect(differences('t', both, found)).toEqual([
    't: 1 differs, such as b (3, not 2)',
    't: 1 doubled, such as b',
    't: 1 not in the source, such as c',
    't: 1 lost, such as a',
  ])
})
