import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { rootFolder, runProgram } from './program.ts'
import { verbs } from './verbs.ts'

const { scripts }: { scripts: Readonly<Record<string, string>> } = JSON.parse(
  readFileSync(join(rootFolder, 'package.json'), 'utf8'),
)

test('every npm script is a verb of its own name, and every verb a script', () => {
  const expected = [...verbs.keys()].map((verb) => [
    verb,
    `exec node deploy/local/begin.js ${verb}`,
  ])
  expect(scripts).toEqual(Object.fromEntries(expected))
})

test.each([...verbs])(
  'npm run %s tells what it does when asked for --help',
  async (verb, file) => {
    const program = { file, parameters: ['--help'], timeoutMs: 50_000 }
    const { ok, output } = await runProgram(program)
    expect(ok, output).toBe(true)
    expect(output).toMatch(new RegExp(`npm (?:run )?${verb}\\b`))
  },
  60_000,
)

test.each([...verbs])(
  'npm run %s refuses an option that it does not know',
  async (_verb, file) => {
    const program = { file, parameters: ['--no-such-option'], timeoutMs: 50_000 }
    expect(await runProgram(program)).toMatchObject({ ok: false, reason: 'exit code 2' })
  },
  60_000,
)
