import { expect, test } from 'vitest'
import { boundRegistries, machinePaths } from './paths.ts'

/** Written in parts, so that this file keeps the rule itself. */
const slash = '/'

test.each([
  `const home = '${slash}home/ann/project/data'`,
  `${slash}root/.m2/settings`,
  `see \`${slash}work/main/notes\``,
  `url = http:${slash}/10.1.2.3:8080/npm`,
  `url = https:${slash}/packages.example.corp/npm`,
])('%s is true on one machine only', (text) => {
  expect(machinePaths(new Map([['a.md', text]]))).toHaveLength(1)
})

test.each([
  'http://127.0.0.1:20000/orders',
  'https://github.com/ann/project/tree/main/work/x',
  './work/x',
  'deploy/local/root/a',
  '/usr/lib/jvm',
])('%s is true everywhere', (text) => {
  expect(machinePaths(new Map([['a.md', text]]))).toEqual([])
})

test.each([
  ['package-lock.json', '{ "resolved": "https://mirror.example/pg.tgz" }'],
  ['deploy/local/jvm/pom.xml', '<repositories></repositories>'],
  ['.npmrc', 'fund=false'],
])('%s may not bind its users to a registry', (path, text) => {
  expect(boundRegistries(new Map([[path, text]]))).toHaveLength(1)
})

test('the public registry in the lock file is no bond', () => {
  const text = '{ "resolved": "https://registry.npmjs.org/pg/-/pg-8.23.1.tgz" }'
  expect(boundRegistries(new Map([['package-lock.json', text]]))).toEqual([])
})
