import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { projectRoot } from '@tenseams/cli/instance'
import { expect, test } from 'vitest'

const begin = (environment: Readonly<Record<string, string>>, ...args: readonly string[]) =>
  spawnSync('node', [join(projectRoot, 'deploy/local/begin.js'), ...args], {
    encoding: 'utf8',
    timeout: 15_000,
    env: { ...process.env, ...environment },
  })

const manifest = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>
}

test('every script of package.json begins with a verb that begin.js knows', () => {
  const verbs = Object.values(manifest.scripts).map((script) => script.split(' ').at(-1) ?? '')
  const help = begin({}, '--help').stdout
  for (const verb of verbs) expect(help).toContain(`npm run ${verb}`)
})

test.each(['start', 'stack'])('npm run %s has help', (verb) => {
  const { status, stdout } = begin({}, verb, '--help')
  expect([status, stdout.includes('Exit codes')]).toEqual([0, true])
})

test.each([
  [['fly']],
  [['stack', 'fly']],
  [['stack', 'up', '--unheard']],
  [['start', '--unheard']],
])('%j is refused with code 2', (args) => {
  const { status, stderr } = begin({}, ...args)
  expect([status, stderr.length > 0]).toEqual([2, true])
})

test('npm run contracts works from inside the folder of the contracts, too', () => {
  const { status, stdout } = spawnSync('npm', ['run', '-s', 'contracts', '--', '--help'], {
    cwd: join(projectRoot, 'contracts'),
    encoding: 'utf8',
    timeout: 30_000,
  })
  expect([status, stdout.includes('Exit codes')]).toEqual([0, true])
})

test.each([
  ['a module that is missing', "import './missing.ts'"],
  ['a name that a module does not have', "import { nothing } from 'node:fs'\nnothing()"],
  ['a file that cannot be parsed', '<<<<<<< HEAD'],
  ['an error while it is loaded', "throw new Error('loaded')"],
])('a verb that cannot be loaded for %s is undecided, and not refuted', (_what, text) => {
  const folder = mkdtempSync(join(tmpdir(), 'tenseams-begin-'))
  try {
    const file = join(folder, 'verb.ts')
    writeFileSync(file, text)
    const preload = pathToFileURL(join(projectRoot, 'deploy/local/begin/undecided.js')).href
    const { status, stderr } = spawnSync(process.execPath, ['--import', preload, file], {
      encoding: 'utf8',
    })
    expect([status, stderr.length > 0]).toEqual([2, true])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('every verb is loaded with that', () => {
  const text = readFileSync(join(projectRoot, 'deploy/local/begin.js'), 'utf8')
  expect(text).toContain("'--import', undecided, join(root, file)")
})

test('a checkout has the bytes that were published, whatever git is told about the ends of lines', () => {
  const files = ['contracts/topics.yaml', 'contracts/events/orders.order.v1/1.avsc']
  const { stdout } = spawnSync('git', ['check-attr', 'eol', ...files], {
    cwd: projectRoot,
    encoding: 'utf8',
  })
  expect(stdout).toBe(files.map((file) => `${file}: eol: lf\n`).join(''))
})
