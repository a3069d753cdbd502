import { expect, test } from 'vitest'
import { deadLinks, longReadme, looseSteps, sectionUnder } from './documents.ts'

test('a link must lead to a file or a folder', () => {
  const text = '[a](services/orders) [b](gone.ts) [c](https://kafka.apache.org) [e](a.md#x)'
  const tree = new Map([
    ['docs/way.md', text],
    ['docs/a.md', '# x\n[up](../services/orders/main.ts)'],
    ['services/orders/main.ts', ''],
    ['docs/services/orders/main.ts', ''],
  ])
  expect(deadLinks(tree)).toEqual(['docs/way.md links to gone.ts, which is not there'])
})

test('a link to a heading must lead to one', () => {
  const text = '## `a`, and B!\n[x](#a-and-b) [y](#c) [z](other.md#d) [w](other.md#e) [v](a.ts#L3)'
  const tree = new Map([
    ['a.md', text],
    ['other.md', '# D'],
    ['a.ts', ''],
  ])
  expect(deadLinks(tree)).toEqual([
    'a.md links to #c, which is not there',
    'a.md links to other.md#e, which is not there',
  ])
})

test('links in a block of code are an example, not a promise', () => {
  expect(deadLinks(new Map([['a.md', '```\n[b](gone.ts)\n```\n']]))).toEqual([])
})

test('each step of the way leads to its room and to its test', () => {
  const text = `# x
## The steps
| step | room | test |
|---|---|---|
| decided | [orders](../services/orders) | [test](../test/seams/02.test.ts) |
| appended | event-store | [test](../test/seams/02.test.ts) |
| carried | [debezium](../deploy/debezium) | later |
## Next
| not | this | one |`
  expect(looseSteps(new Map([['docs/way-of-an-event.md', text]]))).toEqual([
    'docs/way-of-an-event.md: the step "appended" has no link to its room',
    'docs/way-of-an-event.md: the step "carried" has no link to its test',
  ])
})

test('a page without the table is not a page in order', () => {
  expect(looseSteps(new Map([['docs/way-of-an-event.md', '# x']]))).toHaveLength(1)
})

test('a section ends at the next heading of its rank', () => {
  const text = '## A\none\n### B\ntwo\n## C\nthree'
  expect(sectionUnder(text, 'A')).toBe('one\n### B\ntwo')
  expect(sectionUnder(text, 'B')).toBe('two')
  expect(sectionUnder(text, 'D')).toBeUndefined()
})

test('a README of more than 120 lines is too long', () => {
  const readme = (lines: number) => new Map([['README.md', 'a\n'.repeat(lines)]])
  expect(longReadme(readme(120))).toEqual([])
  expect(longReadme(readme(121))).toHaveLength(1)
})
