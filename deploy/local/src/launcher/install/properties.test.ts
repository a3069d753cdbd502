import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { chooseJava, findJdks, javaProgram } from '../host/java.ts'
import { propertiesText } from './properties.ts'

const folder = mkdtempSync(join(tmpdir(), 'tenseams-properties-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** What Java reads from such a file: names and values, in hexadecimal UTF-16, one pair a line. */
const reader = `
import java.io.FileInputStream;
import java.util.Properties;
public class Read {
  public static void main(String[] files) throws Exception {
    Properties read = new Properties();
    try (FileInputStream in = new FileInputStream(files[0])) { read.load(in); }
    for (String name : read.stringPropertyNames()) {
      System.out.println(hex(name) + " " + hex(read.getProperty(name)));
    }
  }
  private static String hex(String text) {
    StringBuilder all = new StringBuilder("x");
    for (char c : text.toCharArray()) all.append(String.format("%04x", (int) c));
    return all.toString();
  }
}`

function readByJava(text: string): Readonly<Record<string, string>> {
  const [source, file] = [join(folder, 'Read.java'), join(folder, 'a.properties')]
  writeFileSync(source, reader)
  writeFileSync(file, text)
  const java = javaProgram(chooseJava(findJdks()).main)
  const { stdout, stderr, status } = spawnSync(java, [source, file], { encoding: 'utf8' })
  expect([status, stderr]).toEqual([0, ''])
  const textOf = (hex: string) =>
    String.fromCharCode(...(hex.slice(1).match(/.{4}/g) ?? []).map((code) => parseInt(code, 16)))
  const pairs = stdout.split('\n').filter((line) => line !== '')
  return Object.fromEntries(pairs.map((line) => line.split(' ').map(textOf)))
}

test('Java reads every setting as it was, whatever characters it has', () => {
  const known = [
    ...[
      '/home/José/ten seams',
      'C:\\temp\\n',
      ' blank before and after ',
      'a=b:c#d!e',
      '',
      '日本 🚲',
    ],
    ...['two\nlines', 'tab\there', '\\u00e9 is no é', '100 %', '\u0000\u007f\ud800'],
  ]
  const random = fc.sample(fc.string({ unit: 'binary', maxLength: 20 }), { numRuns: 200, seed: 22 })
  const settings = Object.fromEntries(
    [...known, ...random].map((value, index) => [`${value.slice(0, 5)}${index}`, value]),
  )
  expect(readByJava(propertiesText(settings))).toEqual(settings)
}, 30_000)

test('plain settings are written plainly', () => {
  expect(propertiesText({ 'log.dirs': '/a/b', port: 1 })).toBe('log.dirs=/a/b\nport=1\n')
})
