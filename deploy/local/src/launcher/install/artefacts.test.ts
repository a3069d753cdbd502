import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '@tenseams/cli/instance'
import { expect, test } from 'vitest'
import { pathsOf } from '../host/paths.ts'
import { debeziumLines, defaultDebezium } from '../plan/debezium-line.ts'
import {
  artefacts,
  artefactsFor,
  downloadedBytesOf,
  mavenArguments,
  pluginPath,
  sectionsFor,
  sourcesOf,
} from './artefacts.ts'

test.each([
  ['Downloaded from central: https://host/a.jar (1.2 MB at 3.4 MB/s)', 1_200_000],
  ['[INFO] Downloaded from central: https://host/a.pom (18 kB at 54 kB/s)', 18_000],
  ['Downloaded from central: https://host/a.pom (312 B at 1 kB/s)', 312],
  ['Downloading from central: https://host/a.jar', undefined],
])('the size is read from %j', (line, bytes) => {
  expect(downloadedBytesOf(line)).toBe(bytes)
})

test('each profile of the pom fills the folder from which its part runs', () => {
  const pom = readFileSync(join(pathsOf(projectRoot, 'any').jvm, 'pom.xml'), 'utf8')
  const profiles = pom.split('<profile>').slice(1)
  const filled = profiles.map((profile) => [
    /<id>(.+?)<\/id>/.exec(profile)?.[1],
    /<component>(.+?)<\/component>/.exec(profile)?.[1],
  ])
  expect(filled).toEqual(artefacts.map(({ name, folder }) => [name, folder]))
})

test('a change of one profile leaves the other folders as they are', () => {
  const pom = (flink: string) =>
    `<a/><profile><id>kafka</id>1</profile><profile><id>flink</id>${flink}</profile>`
  expect(sectionsFor(pom('2'), 'kafka')).toEqual(sectionsFor(pom('3'), 'kafka'))
  expect(sectionsFor(pom('2'), 'flink')).not.toEqual(sectionsFor(pom('3'), 'flink'))
})

test('both lines of Debezium are compiled with the same Java of ours, and so are servers that ask for a login', () => {
  const pom = readFileSync(join(pathsOf(projectRoot, 'any').jvm, 'pom.xml'), 'utf8')
  const sources = ['debezium', 'debezium-2.7', 'catalog', 'kafka', 'flink'].map((name) =>
    sourcesOf(sectionsFor(pom, name)[1], name),
  )
  expect(sources).toEqual([
    ['debezium'],
    ['debezium'],
    ['catalog', 'login'],
    ['kafka', 'login'],
    ['flink', 'login'],
  ])
})

test('a new profile leaves the other folders as they are', () => {
  const pom = '<a>\n  <profile><id>kafka</id></profile>\n</a>'
  const grown = pom.replace('</profile>', '</profile>\n\n  <profile><id>new</id></profile>')
  expect(sectionsFor(grown, 'kafka')).toEqual(sectionsFor(pom, 'kafka'))
})

test.each(debeziumLines)(
  'with Debezium %s, the other line is neither installed nor in the plugin path',
  (line) => {
    const names = artefactsFor({ profile: 'full', debezium: line }).map(({ name }) => name)
    expect(names.filter((name) => name.startsWith('debezium'))).toEqual([
      line === defaultDebezium ? 'debezium' : `debezium-${line}`,
    ])
    const seen = pluginPath(pathsOf(projectRoot, 'any'), line).split(',')
    expect(seen.filter((folder) => folder.includes('debezium-'))).toHaveLength(1)
    expect(seen[1]).toContain(`debezium-${line}`)
  },
)

test('Maven refuses an artefact that does not fit its checksum', () => {
  expect(mavenArguments(pathsOf(projectRoot, 'any'), 'kafka')).toContain('--strict-checksums')
})
