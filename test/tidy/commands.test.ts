import { expect, test } from 'vitest'
import { documentedCommands, type Help, unknownParameters } from './commands.ts'

const text = `Run \`npm run dlq -- list\`, or
\`npm run
dlq -- replay <topic>\`; \`code\` is none.

\`\`\`sh
npm start -- --once     # ends after showing
npm run dlq -- list
npx node test/simulation/main.ts --seed 7
curl -i http://127.0.0.1
\`\`\`
`

test('commands are found in fences and in code marks, once each, without their comments', () => {
  expect(documentedCommands(new Map([['a.md', text]]))).toEqual([
    { path: 'a.md', text: 'npm start -- --once', verb: 'start', parameters: ['--once'] },
    { path: 'a.md', text: 'npm run dlq -- list', verb: 'dlq', parameters: ['list'] },
    {
      ...{ path: 'a.md', text: 'npx node test/simulation/main.ts --seed 7', verb: undefined },
      parameters: ['node', 'test/simulation/main.ts', '--seed', '7'],
    },
    {
      ...{ path: 'a.md', text: 'npm run dlq -- replay <topic>', verb: 'dlq' },
      parameters: ['replay', '<topic>'],
    },
  ])
})

const help: Help = async (_verb, word) =>
  word === 'check' ? '--base <commit>' : 'list, replay, check\n--all\n--break=no-inbox'

const unknownIn = async (command: string) => {
  const [found] = documentedCommands(new Map([['a.md', `\`${command}\``]]))
  return found === undefined ? [] : unknownParameters(found, help)
}

test.each([
  'npm run dlq -- list',
  'npm run dlq -- <verb> --all',
  'npm run dlq -- check --base main',
  'npm run dlq -- --break=no-inbox',
  'npm run dlq -- --break=<guard>',
  'npx vitest --watch',
])('in order: %s', async (command) => {
  expect(await unknownIn(command)).toEqual([])
})

test.each([
  ['npm run dlq -- lists', 'has no "lists"'],
  ['npm run dlq -- list --every', 'has no --every'],
  ['npm run dlq -- list --al', 'has no --al'],
  ['npm run dlq -- list --base main', 'has no --base'],
  ['npm run dlq -- --break=no-outbox', 'has no --break=no-outbox'],
])('refused: %s', async (command, sentence) => {
  expect(await unknownIn(command)).toEqual([expect.stringContaining(sentence)])
})
