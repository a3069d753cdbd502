import { expect, test } from 'vitest'
import { refusedWords, staleWhereabouts } from './glossary.ts'

const page = `# Glossary
## The words
| term | meaning | where | replaces |
|---|---|---|---|
| dead letter | a record | topics | \`parcel\` |
| redelivered | again | consumers | \`dealt again\`, hinted at |
| partition session | an assignment | kafka | \`Grip\` |
## Allowed
| phrase | why |
|---|---|
| \`dead parcel\` | the term |`

const found = (text: string, path = 'a.ts') =>
  refusedWords(
    new Map([
      ['docs/glossary.md', page],
      [path, text],
    ]),
  )

test.each([
  'a parcel was sent',
  'Parcel',
  'const parcelTopic = 1',
  'class OddParcel {}',
  'select parcel_topic',
  'it is dealt again',
  '/**\n * it is dealt\n * again\n */',
  'dealt_again',
  'type Grip = 1',
])('refused: %s', (text) => {
  expect(found(text)).toHaveLength(1)
})

test.each([
  'a dead parcel, deadParcel, dead-parcel, DEAD_PARCEL',
  'parcels of land are another word',
  'get a grip on it',
  'hinted at',
  'dealt, and never again',
])('not refused: %s', (text) => {
  expect(found(text)).toEqual([])
})

test('the line and the term to use are named, and a path is read as well', () => {
  expect(found('one\ntwo parcel')).toEqual(['a.ts:2 says "parcel": the glossary says dead letter'])
  expect(found('', 'src/parcel.ts')).toEqual([
    'src/parcel.ts says "parcel": the glossary says dead letter',
  ])
})

test('a page without its table is not a glossary that replaces nothing', () => {
  expect(refusedWords(new Map([['a.ts', 'parcel']]))).toHaveLength(1)
})

test('where a term appears must be there', () => {
  const moved = page.replace('| topics |', '| topics, `packages/kafka`, `test/gone` |')
  const tree = new Map([
    ['docs/glossary.md', moved],
    ['packages/kafka/src/a.ts', ''],
  ])
  expect(staleWhereabouts(tree)).toEqual([
    'docs/glossary.md: dead letter appears in test/gone, which is not there',
  ])
})
