import { mkdtempSync, rmSync } from 'node:fs'
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
