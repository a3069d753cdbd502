import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { sectionsFor } from '../install/artefacts.ts'
import { openContext } from '../supervise/context.ts'
import { type FlinkProcessName, flinkSettings } from './flink-settings.ts'

const root = mkdtempSync(join(tmpdir(), 'tenseams-flink-'))
const context = await openContext({ root, instance: 'one' })
afterAll(() => rmSync(root, { recursive: true, force: true }))

const processes: readonly FlinkProcessName[] = [
  'flink-jobmanager',
  'flink-taskmanager',
  'sql-gateway',
]

test.each(processes)('%s takes no jar, and lets no page of another origin read', (name) => {
  const settings = flinkSettings(context, name, 1)
  expect(settings['web.submit.enable']).toBe(false)
  expect(settings['web.access-control-allow-origin']).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
})

test.each(processes)('%s listens on the loopback interface only', (name) => {
  const settings = Object.entries(flinkSettings(context, name, 1))
  const addresses = settings.filter(([key]) => /(?:^|[.-])(?:host|address)$/.test(key))
  expect(addresses.length).toBeGreaterThan(5)
  for (const [key, address] of addresses) expect([key, address]).toEqual([key, '127.0.0.1'])
})

const reporting = ['flink-jobmanager', 'flink-taskmanager'] as const
const PROMETHEUS = 'metrics.reporter.prom'
const sources = fileURLToPath(new URL('../../../jvm/src/flink-prometheus/', import.meta.url))

test.each(reporting)(
  '%s finds the reporter of its metrics among the services of its jar',
  (name) => {
    // Flink looks factories up by this list only; one that is not there is left out with a warning, and the port stays closed.
    const listed = 'META-INF/services/org.apache.flink.metrics.reporter.MetricReporterFactory'
    const factory = String(flinkSettings(context, name, 1)[`${PROMETHEUS}.factory.class`])
    expect(readFileSync(join(sources, listed), 'utf8').split('\n')).toContain(factory)
    expect(existsSync(join(sources, `${factory.replaceAll('.', '/')}.java`))).toBe(true)
  },
)

test('the profile of the pom that compiles the reporter copies the list of services into its jar', () => {
  const pom = readFileSync(join(sources, '../../pom.xml'), 'utf8')
  const [, profile] = sectionsFor(pom, 'flink-prometheus')
  expect(profile).toContain('<artifactId>maven-resources-plugin</artifactId>')
})

test.each(reporting)(
  '%s shows the metrics that are declared for it, and no label without a bound',
  (name) => {
    const settings = flinkSettings(context, name, 1)
    const scope = name.replace('flink-', '')
    const includes = String(settings[`${PROMETHEUS}.filter.includes`]).split(';')
    expect(includes).toContain(`${scope}.Status.JVM.Memory.Heap:Used`)
    expect(includes.every((each) => each.startsWith(scope))).toBe(true)
    const excluded = String(settings[`${PROMETHEUS}.scope.variables.excludes`]).split(';')
    // A job has the same name as everywhere.
    expect(settings[`${PROMETHEUS}.filterLabelValueCharacters`]).toBe('false')
    expect(excluded).toEqual(expect.arrayContaining(['job_id', 'task_attempt_id', 'tm_id']))
  },
)
