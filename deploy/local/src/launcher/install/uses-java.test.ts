import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { projectRoot } from '@tenseams/cli/instance'
import { parseUses } from '@tenseams/contracts/rights/uses'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { chooseJava, findJdks, javaProgram } from '../host/java.ts'
import { pathsOf } from '../host/paths.ts'

let folder: string
let uses: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tenseams-uses-java-'))
  uses = join(folder, 'audit', 'kafka')
})

afterEach(() => rmSync(folder, { recursive: true }))

/** Notes each use, `<ms> <user> <name>`. */
const noting = `
public class Note {
  enum Operation { READ, DESCRIBE_CONFIGS }
  enum Resource { TOPIC, TRANSACTIONAL_ID }
  public static void main(String[] lines) throws Exception {
    Uses uses = new Uses(Path.of(lines[0]), Long.parseLong(lines[1]), failure -> System.out.println("failed"));
    for (int at = 2; at < lines.length; at++) {
      String[] parts = lines[at].split(" ", 3);
      boolean isTopic = !parts[2].startsWith("id-");
      uses.note(new Uses.Use(parts[1],
        isTopic ? Operation.READ : Operation.DESCRIBE_CONFIGS,
        isTopic ? Resource.TOPIC : Resource.TRANSACTIONAL_ID, parts[2]), Long.parseLong(parts[0]));
    }
  }
}
`

/** Java runs one source file without compiling it first, so the class that the broker has is put into it. */
function note(lines: readonly string[], mostBytes = 100_000): string {
  const { jvm } = pathsOf(projectRoot, 'any')
  const source = readFileSync(join(jvm, 'src', 'kafka', 'tenseams', 'kafka', 'Uses.java'), 'utf8')
  const imports = [...source.matchAll(/^import .*;$/gm)].map(([line]) => line).join('\n')
  const program = join(folder, 'Note.java')
  writeFileSync(program, `${imports}\n${noting}\n${source.slice(source.indexOf('/**'))}`)
  const java = javaProgram(chooseJava(findJdks()).main)
  const { stdout, stderr, status } = spawnSync(java, [program, uses, `${mostBytes}`, ...lines], {
    encoding: 'utf8',
  })
  expect([status, stderr]).toEqual([0, ''])
  return stdout
}

const read = (day: string) => readFileSync(join(uses, `${day}.uses`), 'utf8')
const DAY_MS = 86_400_000
const noon = Date.parse('2026-11-30T12:00:00Z')

test('each use is noted once a day, in a file of that day that only its owner can read', () => {
  const strange = 'id-a b\n%é'
  note([
    ...[noon, noon + 1, noon + DAY_MS].map((ms) => `${ms} orders shop.thing.v1`),
    ...[strange, `id-${'x'.repeat(400)}`].map((name) => `${noon + DAY_MS} orders ${name}`),
    `${noon + DAY_MS + 1} orders shop.thing.v1`,
  ])
  const first = 'orders read topic shop.thing.v1'
  expect(read('2026-11-30')).toBe(`2026-11-30T12:00:00Z ${first}\n`)
  expect(statSync(join(uses, '2026-11-30.uses')).mode & 0o777).toBe(0o600)
  expect(read('2026-12-01').split('\n')[0]).toBe(`2026-12-01T12:00:00Z ${first}`)
  // Names come out as they went in; long ones are cut.
  const id = { user: 'orders', operation: 'describe-configs', resource: 'transactional-id' }
  expect(parseUses(read('2026-12-01')).uses.slice(1)).toEqual([
    { ...id, name: strange },
    { ...id, name: `id-${'x'.repeat(252)}` },
  ])
}, 60_000)

test('a full file says so once, and files of more than 400 days are not kept', () => {
  mkdirSync(uses, { recursive: true })
  const name = (index: number) =>
    `${new Date(noon - (index + 1) * DAY_MS).toISOString().slice(0, 10)}.uses`
  for (let index = 0; index < 405; index += 1) writeFileSync(join(uses, name(index)), '')
  const lines = Array.from({ length: 9 }, (_, index) => `${noon} orders topic-${index}`)
  note(lines, 150)
  const found = parseUses(read('2026-11-30'))
  expect([found.uses.length, found.isFull]).toEqual([3, true])
  expect(read('2026-11-30').match(/full/g)).toHaveLength(1)
  expect(readdirSync(uses)).toHaveLength(400)
  expect([398, 399].map((index) => existsSync(join(uses, name(index))))).toEqual([true, false])
}, 60_000)

test('a folder that cannot be written fails nothing, and is tried again a minute later', () => {
  writeFileSync(join(folder, 'audit'), '')
  const said = note([0, 1, 59_999, 60_000].map((ms) => `${noon + ms} orders topic`))
  expect(said.match(/failed/g)).toHaveLength(2)
}, 60_000)
