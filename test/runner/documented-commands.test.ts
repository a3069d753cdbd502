import { expect, test } from 'vitest'
import { type Command, documentedCommands, unknownParameters } from '../tidy/commands.ts'
import { readTree } from '../tidy/tree.ts'
import { runProgram } from './program.ts'
import { verbs } from './verbs.ts'

const TIMEOUT_MS = 120_000

/** Commands that need no server, and the exit code that a document promises; the others need a stack or hours. */
const runnable: readonly (readonly [RegExp, 0 | 1])[] = [
  [/^npm (?:run )?[\w:-]+ -- (?:\w+ )?--help$/, 0],
  [/^npm run jobs -- script [a-z-]+$/, 0],
  [/^npx node test\/simulation\/main\.ts --seed \d+ --trace$/, 0],
  [/^npx node test\/simulation\/main\.ts --break [a-z-]+$/, 1],
]

const commands = documentedCommands(readTree())
/** Each once, however many documents have it. */
const ready = [...new Map(commands.map((command) => [command.text, command])).values()].flatMap(
  (command) => {
    const code = runnable.find(([pattern]) => pattern.test(command.text))?.[1]
    return code === undefined ? [] : [[command.text, command, code] as const]
  },
)

/** Asked once a verb: each answer is a process of its own. */
const answers = new Map<string, Promise<string>>()

function help(verb: string, word?: string): Promise<string> {
  const parameters = [...(word === undefined ? [] : [word]), '--help']
  const key = `${verb} ${parameters.join(' ')}`
  const answer = answers.get(key) ?? answerOf(verb, parameters)
  answers.set(key, answer)
  return answer
}

async function answerOf(verb: string, parameters: readonly string[]): Promise<string> {
  const file = verbs.get(verb)
  if (file === undefined) return ''
  return (await runProgram({ file, parameters, timeoutMs: TIMEOUT_MS })).output
}

test('documents tell to run many things, some of which need no server', () => {
  expect(commands.length).toBeGreaterThan(100)
  expect(ready.length).toBeGreaterThan(2)
})

test(
  'every word and option of a command in a document is known to its verb',
  async () => {
    const found: string[] = []
    for (const command of commands) found.push(...(await unknownParameters(command, help)))
    expect(found).toEqual([])
  },
  10 * TIMEOUT_MS,
)

test.each(ready)(
  '%s does what the document says',
  async (_text, command, code) => {
    const program = programOf(command)
    const { reason, output } = await runProgram({ ...program, timeoutMs: TIMEOUT_MS })
    expect(reason, output).toBe(code === 0 ? '' : `exit code ${code}`)
  },
  TIMEOUT_MS + 10_000,
)

function programOf({ verb, parameters }: Command): { file: string; parameters: readonly string[] } {
  if (verb !== undefined) return { file: verbs.get(verb) ?? '', parameters }
  const [, file = '', ...rest] = parameters
  return { file, parameters: rest }
}

test(
  'docs/proofs.md has a row for each proof of test:full, each of a commit',
  async () => {
    const page = readTree().get('docs/proofs.md') ?? ''
    const rows = [...page.matchAll(/^\| `([^`]+)` \|.*$/gm)]
    const listed = (await help('test:full')).matchAll(/^ {2}(npm run prove -- .*)$/gm)
    expect(rows.map(([, proof]) => proof)).toEqual(
      expect.arrayContaining([...listed].map(([, proof]) => proof)),
    )
    expect(rows.filter(([row]) => /\| \w+\+ \|/.test(row))).toEqual([])
  },
  TIMEOUT_MS,
)
