import { expect, test } from 'vitest'
import { disorderlyDecisions, unconfirmedDecisions } from './decisions.ts'

function decision(confirmation: string): string {
  return `# Title
## Context and Problem Statement
## Considered Options
## Decision Outcome
### Confirmation
${confirmation}
## More Information
`
}

function repository(path: string, text: string): ReadonlyMap<string, string> {
  return new Map([
    ['package.json', '{"scripts":{"test":"node a.js","check":"node a.js"}}'],
    ['adr/README.md', `[one](${path.replace('adr/', '')})`],
    ['adr/template.md', '# Title'],
    [path, text],
    ['test/seams/06.test.ts', ''],
  ])
}

const path = 'adr/0001-native.md'

test.each([
  'see `test/seams/06.test.ts`',
  'see [test](../test/seams/06.test.ts)',
  '`npm run check`',
  'npm test shows it',
])('a decision is confirmed by what can be run: %s', (confirmation) => {
  const tree = repository(path, decision(confirmation))
  expect([...unconfirmedDecisions(tree), ...disorderlyDecisions(tree)]).toEqual([])
})

test.each([
  ['we are sure', 'names no file and no npm script'],
  ['see `test/seams/gone.test.ts`', 'test/seams/gone.test.ts, which is not there'],
  ['`npm run magic`', 'npm run magic, which is not there'],
])('a decision is not confirmed by: %s', (confirmation, sentence) => {
  expect(unconfirmedDecisions(repository(path, decision(confirmation)))).toEqual([
    expect.stringContaining(sentence),
  ])
})

test('a decision without a Confirmation is found', () => {
  expect(unconfirmedDecisions(repository(path, '# Title'))).toHaveLength(1)
})

test('numbers begin at one and have no gaps', () => {
  expect(disorderlyDecisions(repository('adr/0002-native.md', decision('')))).toHaveLength(1)
  expect(disorderlyDecisions(repository('adr/native.md', decision('')))).toHaveLength(1)
})

test('a decision stands in the index and has the parts of its form', () => {
  const unlisted = new Map([[path, '# Title\n## Considered Options\n## Decision Outcome']])
  expect(disorderlyDecisions(unlisted)).toEqual([
    `${path} is not linked in adr/README.md`,
    `${path} has no section "Context and Problem Statement"`,
  ])
})
