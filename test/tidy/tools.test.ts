import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { repositoryFolder } from './tree.ts'

/**
 * A checker that finds nothing looks like one that works. Here ours run, with our own settings, over files that each
 * break one rule, so that a renamed option or a changed default cannot turn them green in silence.
 */
const folder = mkdtempSync(join(tmpdir(), 'ten-seams-tools-'))

const repeated = (count: number, line: (at: number) => string): string =>
  Array.from({ length: count }, (_, at) => line(at)).join('\n')

/** Path, content, and what must be said about it. */
const badFiles: readonly (readonly [path: string, text: string, rule: string])[] = [
  ['src/cycle-a.ts', "import { b } from './cycle-b.ts'\nexport const a = b", 'noImportCycles'],
  ['src/cycle-b.ts', "import { a } from './cycle-a.ts'\nexport const b = a", 'noImportCycles'],
  ['src/barrel.ts', "export { a } from './cycle-a.ts'", 'noBarrelFile'],
  ['src/all.ts', "export * from './cycle-a.ts'", 'noReExportAll'],
  ['src/default.ts', 'export default 1', 'noDefaultExport'],
  ['src/any.ts', 'export const a = (b: any): unknown => b', 'noExplicitAny'],
  ['src/enum.ts', 'export enum A {\n  B = 1,\n}', 'noEnum'],
  ['src/space.ts', 'export namespace A {\n  export const b = 1\n}', 'noNamespace'],
  ['src/interface.ts', 'export interface A {\n  readonly b: 1\n}', 'useConsistentTypeDefinitions'],
  ['src/type.ts', "import { A } from './interface.ts'\nexport type B = A", 'useImportType'],
  ['src/bang.ts', 'export const a = (b?: string): string => b!', 'noNonNullAssertion'],
  ['src/env.ts', 'export const a = process.env.HOME', 'noProcessEnv'],
  [
    'src/catch.ts',
    'export function a(): void {\n  try {\n    a()\n  } catch {}\n}',
    'noEmptyBlock',
  ],
  ['src/text.ts', "export function a(): void {\n  throw 'b'\n}", 'useThrowOnlyError'],
  ['src/listed.ts', "import { a } from 'unlisted'\nexport const b = a", 'noUndeclaredDependencies'],
  ['src/bare.ts', "import { a } from './cycle-a'\nexport const b = a", 'useImportExtensions'],
  ['src/only.test.ts', "import { test } from 'vitest'\ntest.only('a', () => 1)", 'noFocusedTests'],
  ['src/skip.test.ts', "import { test } from 'vitest'\ntest.skip('a', () => 1)", 'noSkippedTests'],
  [
    'src/floating.ts',
    'async function a(): Promise<void> {}\nexport function b(): void {\n  a()\n}',
    'noFloatingPromises',
  ],
  [
    'src/misused.ts',
    'async function a(): Promise<void> {}\nexport function b(): number {\n  return a() ? 1 : 2\n}',
    'noMisusedPromises',
  ],
  [
    'src/switch.ts',
    "export function a(b: 'c' | 'd'): number {\n  switch (b) {\n    case 'c':\n      return 1\n  }\n  return 2\n}",
    'useExhaustiveSwitchCases',
  ],
  ['src/long.ts', repeated(301, (at) => `export const a${at} = 1`), 'noExcessiveLinesPerFile'],
  [
    'src/longer.ts',
    `export function a(): void {\n${repeated(71, () => 'a()')}\n}`,
    'noExcessiveLinesPerFunction',
  ],
  ['src/form.ts', 'export const a = "b";', 'format'],
]

const badTypes: readonly (readonly [path: string, text: string, code: string])[] = [
  ['test/nullable.ts', 'export const a: string = process.env.A', 'TS2322'],
  ['test/index.ts', 'export const a = (b: number[]): number => b[0]', 'TS2322'],
  ['test/unused.ts', 'export function a(b: number): void {}', 'TS6133'],
  ['test/erasable.ts', 'export class A {\n  constructor(readonly b: number) {}\n}', 'TS1294'],
]

beforeAll(() => {
  for (const name of ['biome.json', '.gitignore', 'tsconfig.json']) {
    copyFileSync(join(repositoryFolder, name), join(folder, name))
  }
  write('package.json', '{ "name": "bad", "type": "module", "license": "Apache-2.0" }')
  write('types.d.ts', '')
  for (const [path, text] of [...badFiles, ...badTypes]) write(path, text)
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('Biome finds each rule broken that we rely on', () => {
  const said = run('@biomejs/biome/bin/biome', [
    'ci',
    '--reporter=github',
    '--max-diagnostics=none',
  ])
  const missed = badFiles.filter(([path, , rule]) => !finding(path, rule).test(said))
  expect(missed, said).toEqual([])
})

test('the compiler finds each strictness broken that we rely on', () => {
  const types = join(repositoryFolder, 'node_modules/@types')
  const said = run('typescript/bin/tsc', ['-p', '.', '--pretty', 'false', '--typeRoots', types])
  const missed = badTypes.filter(([path, , code]) => !new RegExp(`${path}.*${code}`).test(said))
  expect(missed, said).toEqual([])
})

function finding(path: string, rule: string): RegExp {
  return new RegExp(`title=[\\w/]*${rule}[^\\n]*file=[^\\n,]*${path}`)
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), `${text}\n`)
}

function run(program: string, parameters: readonly string[]): string {
  const path = join(repositoryFolder, 'node_modules', program)
  const { stdout, stderr } = spawnSync(process.execPath, [path, ...parameters], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 20_000,
  })
  return stdout + stderr
}
