import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { projectRoot } from '@tenseams/cli/instance'
import { afterAll, expect, test } from 'vitest'
import { chooseJava, findJdks, javaProgram } from '../host/java.ts'
import { pathsOf } from '../host/paths.ts'

const folder = mkdtempSync(join(tmpdir(), 'tenseams-logins-java-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Asks for each header; a line `=<text>` among them replaces the file of logins. */
const asking = `
import java.nio.file.*;
import java.nio.file.attribute.FileTime;
public class Ask {
  public static void main(String[] lines) throws Exception {
    Path file = Path.of(lines[0]);
    Logins logins = new Logins(file);
    for (int at = 1; at < lines.length; at++) {
      if (lines[at].startsWith("=")) {
        Files.writeString(file, lines[at].substring(1));
        Files.setLastModifiedTime(file, FileTime.fromMillis(at * 1000L));
      } else {
        System.out.println(logins.identityIn(lines[at].isEmpty() ? null : lines[at]).orElse("nobody"));
      }
    }
  }
}
`

/** Java runs one source file without compiling it first, so the class that the servers have is put into it. */
function ask(...lines: readonly string[]): readonly string[] {
  const { jvm } = pathsOf(projectRoot, 'any')
  const source = readFileSync(join(jvm, 'src', 'login', 'tenseams', 'login', 'Logins.java'), 'utf8')
  const imports = [...source.matchAll(/^import .*;$/gm)].map(([line]) => line).join('\n')
  const own = source.slice(source.indexOf('/**')).replace('public final class', 'final class')
  const [program, file] = [join(folder, 'Ask.java'), join(folder, 'logins')]
  writeFileSync(program, `${imports}\n${asking}\n${own}`)
  const java = javaProgram(chooseJava(findJdks()).main)
  const { stdout, stderr, status } = spawnSync(java, [program, file, ...lines], {
    encoding: 'utf8',
  })
  expect([status, stderr]).toEqual([0, ''])
  return stdout.trimEnd().split('\n')
}

const line = (token: string, identity: string) =>
  `${createHash('sha256').update(token).digest('hex')} ${identity}\n`
const basic = (user: string, password: string) => `Basic ${btoa(`${user}:${password}`)}`

test('a server knows an identity by its token alone, and reads a rotated one without a restart', () => {
  const found = ask(
    `=${line('one', 'operator')}${line('two', 'flink')}`,
    ...[basic('operator', 'one'), basic('flink', 'two'), 'Bearer one', 'bearer  two'],
    ...[basic('admin', 'one'), basic('operator', 'two'), basic('operator', ''), 'Basic operator'],
    ...['Basic %%%', 'Bearer', 'Digest one', 'one', '', `Bearer ${line('one', '').slice(0, 64)}`],
    // A rotation under way, and its end.
    `=${line('one', 'operator')}${line('three', 'operator')}`,
    ...['Bearer one', 'Bearer three', 'Bearer two'],
    `=${line('three', 'operator')}`,
    ...['Bearer one', 'Bearer three'],
  )
  expect(found).toEqual([
    ...['operator', 'flink', 'operator', 'flink'],
    ...Array.from({ length: 10 }, () => 'nobody'),
    ...['operator', 'operator', 'nobody'],
    ...['nobody', 'operator'],
  ])
}, 60_000)
