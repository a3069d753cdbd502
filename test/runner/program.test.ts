import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { runProgram } from './program.ts'

const folder = mkdtempSync(join(tmpdir(), 'ten-seams-program-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function script(name: string, text: string): string {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

const forever = 'setInterval(() => undefined, 1000)'

test('a program that ends well is well, and its output is kept', async () => {
  const file = script('well.js', 'console.log(1); console.error(2)')
  const outcome = await runProgram({ file, parameters: [], timeoutMs: 60_000 })
  expect(outcome).toMatchObject({ ok: true, reason: '' })
  expect(outcome.output.split('\n').sort().join('')).toBe('12')
})

test('a program that ends badly says how', async () => {
  const file = script('badly.js', 'process.exit(3)')
  const outcome = await runProgram({ file, parameters: [], timeoutMs: 60_000 })
  expect(outcome).toMatchObject({ ok: false, reason: 'exit code 3' })
})

test('a program is stopped when its time is over', async () => {
  const file = script('forever.js', forever)
  const outcome = await runProgram({ file, parameters: [], timeoutMs: 300 })
  expect(outcome).toMatchObject({ ok: false, reason: 'it took more than 300 ms' })
})

test('a program is stopped when we are, and its ending well then counts for nothing', async () => {
  const told = new AbortController()
  const file = script('polite.js', `process.on('SIGTERM', () => process.exit(0));${forever}`)
  const running = runProgram({ file, parameters: [], timeoutMs: 60_000, signal: told.signal })
  told.abort()
  expect(await running).toMatchObject({ ok: false, reason: 'it was told to stop' })
})

test.each(['run.ts', 'check.ts'])(
  '%s refuses an option that it does not know',
  async (name) => {
    const program = { file: `test/runner/${name}`, timeoutMs: 60_000 }
    const refused = await runProgram({ ...program, parameters: ['--fast'] })
    expect(refused).toMatchObject({ ok: false, reason: 'exit code 2' })
    const helped = await runProgram({ ...program, parameters: ['--help'] })
    expect(helped).toMatchObject({ ok: true, output: expect.stringContaining('npm ') })
  },
  130_000,
)
