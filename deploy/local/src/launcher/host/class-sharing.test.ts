import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { classSharingArguments, keepClasses, writtenArchive } from './class-sharing.ts'
import { pathsOf } from './paths.ts'

const root = mkdtempSync(join(tmpdir(), 'tenseams-classes-'))
const paths = pathsOf(root, 'one')
const home = join(root, 'jdk')
const jars = join(paths.jvm, 'lib', 'flink')
const kept = join(paths.jvm, 'lib', '.classes', 'gateway')
const jvm = { component: 'gateway', jdk: { home, major: 17 }, folder: 'flink' }

beforeEach(() => {
  write(join(home, 'release'), 'JAVA_VERSION="17.0.15"')
  write(join(jars, 'planner.jar'), 'classes')
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

test('a JVM writes its classes when it ends, and maps them from then on', () => {
  runs({ isInTime: true })
  const [mapping = ''] = classSharingArguments(paths, jvm)
  expect(mapping).toMatch(/^-XX:SharedArchiveFile=.*\.jsa$/)
  expect(existsSync(mapping.split('=')[1] ?? '')).toBe(true)
})

test.each([
  { changed: 'a jar', file: join(jars, 'planner.jar') },
  { changed: 'the set of jars', file: join(jars, 'another.jar') },
  { changed: 'the JDK', file: join(home, 'release') },
])('when $changed has changed, other classes are written, and the old ones removed', ({ file }) => {
  runs({ isInTime: true })
  const before = readdirSync(kept)
  write(file, 'something else')
  expect(writtenArchive(classSharingArguments(paths, jvm))).toBeDefined()
  runs({ isInTime: true })
  expect(readdirSync(kept)).toHaveLength(1)
  expect(readdirSync(kept)).not.toEqual(before)
})

test('a JVM that was killed while it wrote its classes is not asked again', () => {
  runs({ isInTime: false })
  expect(classSharingArguments(paths, jvm)).toEqual([])
  write(join(jars, 'planner.jar'), 'another version of it')
  expect(writtenArchive(classSharingArguments(paths, jvm))).toBeDefined()
})

test('a JVM that ended without writing is asked again', () => {
  const archive = writtenArchive(classSharingArguments(paths, jvm)) ?? ''
  keepClasses(paths, jvm.component, archive, true)
  expect(writtenArchive(classSharingArguments(paths, jvm))).toBe(archive)
})

/** One run of a JVM, which writes as it is told. */
function runs({ isInTime }: { readonly isInTime: boolean }): void {
  const archive = writtenArchive(['-Xmx64m', ...classSharingArguments(paths, jvm)]) ?? ''
  write(archive, 'classes')
  keepClasses(paths, jvm.component, archive, isInTime)
}

function write(file: string, content: string): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, content)
}
