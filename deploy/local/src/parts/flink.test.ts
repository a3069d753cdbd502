import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openContext } from '../launcher/supervise/context.ts'
import { flinkJobManager, flinkTaskManager, sqlGateway } from './flink.ts'

const root = mkdtempSync(join(tmpdir(), 'tenseams-flink-'))

afterAll(() => rmSync(root, { recursive: true, force: true }))

test('no process of Flink’s makes room for a list that its bytes only announce', async () => {
  const context = await openContext({ root, instance: 'one' })
  const limit = `-Dorg.apache.flink.avro.shaded.org.apache.avro.limits.collectionItems.maxLength=100000`
  for (const component of [flinkJobManager, flinkTaskManager, sqlGateway]) {
    await component.prepare?.(context)
    expect((await component.command(context)).arguments).toContain(limit)
  }
})

test('Iceberg’s jar comes before those that the planner brings along', async () => {
  const context = await openContext({ root, instance: 'two' })
  const lib = join(context.paths.jvm, 'lib', 'flink')
  mkdirSync(lib, { recursive: true })
  for (const jar of [
    'flink-table-api-scala_2.12-2.1.1.jar',
    'iceberg-flink-runtime-2.1-1.11.0.jar',
  ]) {
    writeFileSync(join(lib, jar), '')
  }
  await flinkTaskManager.prepare?.(context)
  const { arguments: all } = await flinkTaskManager.command(context)
  const [first] = (all[all.indexOf('-cp') + 1] ?? '').split(':')
  expect(first).toBe(join(lib, 'iceberg-flink-runtime-2.1-1.11.0.jar'))
})
