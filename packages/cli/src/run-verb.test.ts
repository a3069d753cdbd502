import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, describe, expect, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'tenseams-run-verb-'))
afterAll(() => rmSync(folder, { recursive: true }))

const moduleOf = (name: string) => JSON.stringify(join(import.meta.dirname, name))

/** A command file that has this verb. */
function commandFile(verb: string): string {
  const file = join(folder, `${crypto.randomUUID()}.mjs`)
  writeFileSync(
    file,
    `import { runVerb } from ${moduleOf('run-verb.ts')}
    import { UsageError, VerbError } from ${moduleOf('errors.ts')}
    import { interruptible } from ${moduleOf('interruption.ts')}
    import { complain, say } from ${moduleOf('output.ts')}
    await runVerb(${verb}, 'npm run trial')`,
  )
  return file
}

/** A process that runs this verb. */
function start(verb: string, ...args: readonly string[]) {
  return spawn(process.execPath, [commandFile(verb), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

async function run(verb: string, ...args: readonly string[]) {
  const child = start(verb, ...args)
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ])
  return { code, stdout, stderr }
}

describe('the exit code of a verb', () => {
  test.each([0, 1, 2])('is the %i that it returns', async (code) => {
    expect(await run(`async () => ${code}`)).toEqual({ code, stdout: '', stderr: '' })
  })

  test('is 2 for a wrong command line, with the help on stderr', async () => {
    const { code, stdout, stderr } = await run(`() => { throw new UsageError('which one?') }`)
    expect({ code, stdout, stderr }).toEqual({
      code: 2,
      stdout: '',
      stderr: 'which one?\n\nnpm run trial\n',
    })
  })

  test('is 2 for an expected error, with its causes and without a stack', async () => {
    const verb = `() => { throw new VerbError('cannot', { cause: new Error('no answer') }) }`
    expect(await run(verb)).toMatchObject({ code: 2, stderr: 'cannot\n  caused by: no answer\n' })
  })

  test('is 2, not 1, for an error that nobody expected, with its stack', async () => {
    const { code, stderr } = await run(`() => { throw new TypeError('a mistake') }`)
    expect(code).toBe(2)
    expect(stderr).toMatch(/TypeError: a mistake\n\s+at /)
  })
})

test.each([
  ['an error in a callback', `setImmediate(() => { throw new TypeError('a mistake') })`],
  ['a promise that nobody waits for', `Promise.reject(new TypeError('a mistake'))`],
])('%s exits with 2 and its stack, not with 1', async (_name, failing) => {
  const { code, stderr } = await run(
    `async () => { ${failing}; await new Promise((resolve) => setTimeout(resolve, 5_000)); return 0 }`,
  )
  expect(code).toBe(2)
  expect(stderr).toMatch(/TypeError: a mistake\n\s+at /)
})

test.skipIf(!existsSync('/dev/full'))('output that is lost to a full disk exits with 2', () => {
  const full = openSync('/dev/full', 'w')
  const file = commandFile(`async () => { say('the result'); return 0 }`)
  const { status, stderr } = spawnSync(process.execPath, [file], {
    ...{ stdio: ['ignore', full, 'pipe'], encoding: 'utf8', timeout: 20_000 },
  })
  closeSync(full)
  expect([status, stderr]).toEqual([2, expect.stringContaining('ENOSPC')])
})

test.each(['--help', '-h'])('%s prints the help and runs nothing', async (option) => {
  const answer = await run(`() => { say('was run'); return 1 }`, 'list', option)
  expect(answer).toEqual({ code: 0, stdout: 'npm run trial\n', stderr: '' })
})

describe.each(['stdout', 'stderr'] as const)('a reader of %s that goes away', (stream) => {
  const write = stream === 'stdout' ? 'say' : 'complain'
  const verb = (code: number) => `async () => {
    for (let line = 1; line <= 2_000; line++) {
      ${write}('line ' + line)
      await new Promise(setImmediate)
    }
    return ${code}
  }`

  test.each([0, 1])('leaves the exit code %i and prints no stack', async (code) => {
    const child = start(verb(code))
    const other = text(stream === 'stdout' ? child.stderr : child.stdout)
    child[stream].once('data', () => child[stream].destroy())
    const [exitCode] = await once(child, 'exit')
    expect([exitCode, await other]).toEqual([code, ''])
  })
})

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  '%s interrupts a verb, which can clean up',
  async (signal) => {
    const child = start(`async () => {
    const signal = interruptible()
    say('begun')
    const alive = setInterval(() => undefined, 1_000)
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    clearInterval(alive)
    say('cleaned up')
    throw signal.reason
  }`)
    const output = text(child.stderr)
    let told = ''
    child.stdout.on('data', (chunk: Buffer) => {
      told += chunk.toString()
      if (told === 'begun\n') child.kill(signal)
    })
    const [code] = await once(child, 'close')
    expect(told).toBe('begun\ncleaned up\n')
    expect([code, await output]).toEqual([2, `interrupted by ${signal}\n`])
  },
)
