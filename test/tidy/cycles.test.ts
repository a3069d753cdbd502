import { expect, test } from 'vitest'
import { importCircles } from './cycles.ts'

const manifests = ['kafka', 'codec'].map(
  (name) => [`packages/${name}/package.json`, `{"name":"@tenseams/${name}"}`] as const,
)

function circles(files: Readonly<Record<string, string>>): readonly string[] {
  return importCircles(new Map([...manifests, ...Object.entries(files)]))
}

test('two files that import each other are a circle, by types alone as well', () => {
  const files = { 'a.ts': "import type { B } from './b.ts'", 'b.ts': "type A = import('./a.ts').A" }
  expect(circles(files)).toEqual(['a.ts, b.ts import each other in a circle'])
})

test('a circle may be long, and may go through a package', () => {
  const files = {
    'packages/kafka/src/a.ts': "import { b } from '@tenseams/codec/room/b'",
    'packages/codec/src/room/b.ts': "export { c } from '../c.ts'",
    'packages/codec/src/c.ts': "await import('@tenseams/kafka/a')",
  }
  expect(circles(files)).toEqual([expect.stringContaining('packages/kafka/src/a.ts')])
})

test('a file that imports itself is a circle', () => {
  expect(circles({ 'a.ts': "import { a } from './a.ts'" })).toHaveLength(1)
})

test('each of two circles is found, and nothing else', () => {
  const files = {
    'a.ts': "import { b } from './b.ts'\nimport { c } from './c.ts'",
    'b.ts': "import { a } from './a.ts'",
    'c.ts': "import { d } from './d.ts'",
    'd.ts': "import { c } from './c.ts'\nimport { e } from './e.ts'",
    'e.ts': "import pg from 'pg'",
  }
  expect(circles(files)).toHaveLength(2)
})

test('two ways to one file are no circle', () => {
  const files = {
    'a.ts': "import { b } from './b.ts'\nimport { c } from './c.ts'",
    'b.ts': "import { c } from './c.ts'",
    'c.ts': '',
  }
  expect(circles(files)).toEqual([])
})
