import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
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
