import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
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
