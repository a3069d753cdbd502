import { expect, test } from 'vitest'
import { emptyScripts, looseDependencies, staleLocks, unknownCommands } from './packages.ts'

function manifest(content: object): readonly [string, string] {
  return ['package.json', JSON.stringify(content)]
}

test.each(['^1.2.3', '~1.2.3', '1.x', '*', 'latest', 'github:a/b'])(
  'a dependency at %s is not pinned',
  (version) => {
    expect(looseDependencies(new Map([manifest({ dependencies: { pg: version } })]))).toEqual([
      `package.json: pg is not pinned (${version})`,
    ])
    expect(
      looseDependencies(new Map([manifest({ devDependencies: { pg: version } })])),
    ).toHaveLength(1)
  },
)

test.each(['1.2.3', '18.4.0-beta.17', '1.5.6-r.1'])('a dependency at %s is pinned', (version) => {
  expect(looseDependencies(new Map([manifest({ dependencies: { pg: version } })]))).toEqual([])
})

test('a script must run a file that is there', () => {
  const scripts = { check: 'node test/runner/check.ts', gone: 'node test/gone.ts', magic: 'true' }
  expect(emptyScripts(new Map([manifest({ scripts }), ['test/runner/check.ts', '']]))).toEqual([
    'package.json: script gone runs test/gone.ts, which is not there',
    'package.json: script magic runs no file of ours',
  ])
})

test('a document may only tell to run what exists', () => {
  const tree = new Map([
    manifest({ scripts: { check: '' } }),
    ['README.md', '`npm run check`, then `npm run magic -- --now`'],
  ])
  expect(unknownCommands(tree)).toEqual([
    'README.md tells to run npm run magic, which is no script',
  ])
})

test('the lock file must agree with every manifest, whatever the order', () => {
  const dependencies = { a: '1.0.0', b: '2.0.0' }
  const lock = (packages: object) => ['package-lock.json', JSON.stringify({ packages })] as const
  const repository = new Map([manifest({ dependencies }), ['test/package.json', '{}']])
  const agreed = { '': { dependencies: { b: '2.0.0', a: '1.0.0' } }, test: {} }
  expect(staleLocks(new Map([...repository, lock(agreed)]))).toEqual([])
  const changed = { ...agreed, '': { dependencies: { a: '1.0.0', b: '2.0.1' } } }
  expect(staleLocks(new Map([...repository, lock(changed)]))).toHaveLength(1)
  expect(staleLocks(new Map([...repository, lock({ '': agreed[''] })]))).toEqual([
    'test/package.json and package-lock.json differ: run npm install',
  ])
})
