import { expect, test } from 'vitest'
import { crowdedFolders, looseFiles, ownerlessFolders } from './folders.ts'

const files = (...paths: string[]) => new Map(paths.map((path) => [path, '']))

test.each(['utils', 'common', 'helpers', 'shared'])('a folder %s has no owner', (name) => {
  expect(ownerlessFolders(files(`packages/kafka/${name}/a.ts`))).toHaveLength(1)
  expect(ownerlessFolders(files(`packages/kafka/src/${name}.ts`))).toEqual([])
})

test.each([
  'notes.md',
  'a.ts',
  'test/a.test.ts',
  'test/seams/a.ts',
  'packages/a.ts',
  'services/b.ts',
])('%s lies in no room', (path) => {
  expect(looseFiles(files(path))).toHaveLength(1)
})

test.each([
  'README.md',
  'docker-compose.yml',
  'test/package.json',
  'test/tidy/a.ts',
  'deploy/local/a.js',
])('%s lies where it belongs', (path) => {
  expect(looseFiles(files(path))).toEqual([])
})

const many = (count: number, name: (at: number) => string) =>
  files(...Array.from({ length: count }, (_, at) => name(at)))

test('a room of more than 25 files is refused', () => {
  expect(crowdedFolders(many(25, (at) => `packages/kafka/src/${at}.ts`))).toEqual([])
  expect(crowdedFolders(many(26, (at) => `packages/kafka/src/${at}.ts`))).toHaveLength(1)
  expect(crowdedFolders(many(26, (at) => `test/seams/02/${at}.test.ts`))).toHaveLength(1)
})

test('tests beside their modules, decisions and cases do not crowd a room', () => {
  const modules = many(20, (at) => `packages/kafka/src/${at}.ts`)
  const tests = many(20, (at) => `packages/kafka/src/${at}.test.ts`)
  expect(crowdedFolders(new Map([...modules, ...tests]))).toEqual([])
  for (const name of [
    (at: number) => `adr/${at}.md`,
    (at: number) => `test/history/cases/${at}.jsonl`,
  ]) {
    expect(crowdedFolders(many(40, name))).toEqual([])
  }
})
