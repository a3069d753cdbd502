import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import type { Profile } from '../launcher/plan/profiles.ts'
import { defaultSettings, openContext } from '../launcher/supervise/context.ts'
import { writeInstance } from '../launcher/supervise/run-record.ts'
import { serviceComponents } from './services.ts'

const root = mkdtempSync(join(tmpdir(), 'tenseams-services-'))

afterAll(() => rmSync(root, { recursive: true, force: true }))

/** The file with which each service would be started, from the root. */
async function entryFiles(instance: string): Promise<Readonly<Record<string, string>>> {
  const context = await openContext({ root, instance })
  const entries = serviceComponents.map(async (component) => {
    const { arguments: parameters } = await component.command(context)
    return [component.name, String(parameters.at(-1)).replace(`${root}/`, '')] as const
  })
  return Object.fromEntries(await Promise.all(entries))
}

test('every service starts from its own main.ts', async () => {
  for (const [name, file] of Object.entries(await entryFiles('plain'))) {
    expect(file).toBe(`services/${name}/src/main.ts`)
  }
})

test('an instance remembers the entry file that its settings name for a service', async () => {
  const { paths, portOffset } = await openContext({ root, instance: 'faulty' })
  const settings = { ...defaultSettings, entryFiles: { orders: 'test/faults/orders/no-inbox.ts' } }
  writeInstance(paths, { profile: 'full', portOffset, settings })
  expect(await entryFiles('faulty')).toMatchObject({
    orders: 'test/faults/orders/no-inbox.ts',
    payments: 'services/payments/src/main.ts',
  })
})

test('spans go to Zipkin where there is one, and are not made where there is none', async () => {
  const { paths, portOffset, ports } = await openContext({ root, instance: 'traced' })
  const exporterIn = async (profile: Profile) => {
    writeInstance(paths, { profile, portOffset, settings: defaultSettings })
    const context = await openContext({ root, instance: 'traced' })
    const commands = serviceComponents.map((component) => component.command(context))
    const environments = (await Promise.all(commands)).map(({ environment }) => environment)
    expect(environments[0]?.OTEL_EXPORTER_ZIPKIN_ENDPOINT).toContain(`:${ports.zipkin}/`)
    return [...new Set(environments.map((one) => one?.OTEL_TRACES_EXPORTER))]
  }
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', undefined)
  expect(await exporterIn('full')).toEqual(['zipkin'])
  expect(await exporterIn('ops')).toEqual(['zipkin'])
  expect(await exporterIn('minimal')).toEqual(['none'])
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', 'http://collector:4318')
  expect(await exporterIn('minimal')).toEqual(['otlp'])
  expect(await exporterIn('full')).toEqual(['zipkin,otlp'])
  vi.unstubAllEnvs()
})
