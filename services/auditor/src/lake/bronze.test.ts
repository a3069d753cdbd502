import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Evidence } from '../evidence.ts'
import { LoadedFiles } from './bronze.ts'

const topic = 'orders.order.v1'

let folder: string
let evidence: Evidence
let loaded: LoadedFiles

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bronze-'))
  evidence = await Evidence.open('64MB')
  loaded = new LoadedFiles()
})

afterEach(() => {
  evidence.close()
  rmSync(folder, { recursive: true, force: true })
})

async function write(name: string, offsets: readonly number[]): Promise<string> {
  const file = join(folder, name)
  const rows = offsets.map(
    (offset) => `(0, ${offset}::bigint, 'e${offset}', 's', 1::bigint, 'OrderPlaced')`,
  )
  await evidence.run(
    `copy (select * from (values ${rows.join(', ')})
             t(kafka_partition, kafka_offset, event_id, stream_id, "version", "type")) to '${file}'`,
  )
  return file
}

function follow(files: readonly string[], epoch = 0): Promise<void> {
  const properties = { 'ten-seams.topics': JSON.stringify({ [topic]: { id: 'i', epoch } }) }
  const table = { name: 'orders_order_v1', properties, snapshots: [], files }
  return loaded.follow(evidence, { topic, table })
}

const eventIds = async () =>
  (await evidence.query('select event_id from bronze order by event_id')).map((row) => row.event_id)

test('events of new files are added, and those of compacted files are not doubled', async () => {
  const [one, two] = [await write('1.parquet', [1, 2]), await write('2.parquet', [3])]
  await follow([one])
  expect(await eventIds()).toEqual(['e1', 'e2'])
  await follow([one, two])
  expect(await eventIds()).toEqual(['e1', 'e2', 'e3'])
  await follow([await write('3.parquet', [1, 2, 3])])
  expect(await eventIds()).toEqual(['e1', 'e2', 'e3'])
})

test('a file is read once, until everything is read again', async () => {
  const one = await write('1.parquet', [1])
  await follow([one])
  await evidence.run('delete from bronze')
  await follow([one])
  expect(await eventIds()).toEqual([])
  await loaded.clear(evidence)
  await follow([one])
  expect(await eventIds()).toEqual(['e1'])
})

test('after an error all files of the table are read again, none twice', async () => {
  const one = await write('1.parquet', [1])
  await follow([one])
  await expect(follow([one, join(folder, 'gone.parquet')])).rejects.toThrow('gone.parquet')
  await follow([one])
  expect(await eventIds()).toEqual(['e1'])
})

test('when another log of the topic was accepted, the offsets of all rows are read anew', async () => {
  const one = await write('1.parquet', [1])
  await follow([one])
  await follow([one], 1)
  expect(await evidence.query('select "offset" from bronze')).toEqual([{ offset: 1n - 2n ** 48n }])
})
