import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { projectRoot } from '@tenseams/cli/instance'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Paths, pathsOf } from '../host/paths.ts'
import { artefacts } from './artefacts.ts'
import { assertLocked, FilesDiffer, lockFileOf } from './locked-files.ts'

let root: string
let paths: Paths
let folder: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tenseams-files-'))
  paths = pathsOf(root, 'any')
  folder = join(paths.jvm, 'lib', 'kafka')
  mkdirSync(join(folder, 'deeper'), { recursive: true })
  put('a.jar', 'one')
  put('deeper/b.jar', 'two')
  assertLocked(paths, 'kafka', folder)
})

afterEach(() => rmSync(root, { recursive: true }))

const put = (path: string, text: string) => writeFileSync(join(folder, path), text)

test('the same files are accepted, and our own jar may differ', () => {
  put('tenseams-own.jar', 'compiled here')
  expect(() => assertLocked(paths, 'kafka', folder)).not.toThrow()
})

test.each([
  ['other contents', () => put('a.jar', 'changed'), /a\.jar has other contents/],
  ['an additional jar', () => put('c.jar', 'more'), /c\.jar is new/],
  ['a missing jar', () => rmSync(join(folder, 'deeper/b.jar')), /deeper\/b\.jar is missing/],
])('%s in an installation are refused, with what to do about it', (_, change, message) => {
  change()
  expect(() => assertLocked(paths, 'kafka', folder)).toThrow(FilesDiffer)
  expect(() => assertLocked(paths, 'kafka', folder)).toThrow(message)
  expect(() => assertLocked(paths, 'kafka', folder)).toThrow(/After a change of pom.xml, delete/)
})

test.each(artefacts.map(({ name }) => name))('the files of %s are listed in git', (name) => {
  const text = readFileSync(lockFileOf(pathsOf(projectRoot, 'any'), name), 'utf8')
  expect(text).toMatch(/^(?:[0-9a-f]{64} {2}\S+\n)+$/)
})
