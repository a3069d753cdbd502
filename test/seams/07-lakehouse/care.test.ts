import { randomUUID } from 'node:crypto'
import { rmSync, utimesSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { fullName, type TableIdentifier } from '@tenseams/iceberg/format/metadata'
import type { CareStep } from '@tenseams/iceberg/maintain/expire'
import { leastOrphanAgeMs, removeOrphans } from '@tenseams/iceberg/maintain/orphans'
import { verifyTable } from '@tenseams/iceberg/maintain/verify'
import { planScan } from '@tenseams/iceberg/read/scan'
import { fileStorage } from '@tenseams/iceberg/storage'
import type { AppendPorts, AppendStep } from '@tenseams/iceberg/write/append'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runProgram } from '../../runner/program.ts'
import { openLake } from '../../support/lake/open-lake.ts'
import { type TestStack, useStack } from '../../support/stack.ts'
import { appendNumber, newTable, numbersIn } from './numbers-table.ts'

/** Compaction, expiry and the removal of orphans: killed, beside a writer, and by hand with `npm run lake`. */

const namespace = `care_${randomUUID().slice(0, 8)}`
const TWO_HOURS_S = 7_200

let stack: TestStack
let ports: AppendPorts
let table: TableIdentifier

beforeAll(async () => {
  stack = await useStack()
  ports = await openLake(stack.endpoints.catalogUrl)
  await ports.catalog.ensureNamespace(namespace)
  table = await newTable(ports, namespace)
})

afterAll(async () => {
  for (const one of await ports.catalog.listTables(namespace)) await ports.catalog.dropTable(one)
  ports.engine.close()
})

describe('beside a writer, with a kill at each step', () => {
  const steps: readonly (AppendStep | CareStep)[] = [
    'parquet-written',
    'before-commit',
    'commit-sent',
    'expiry-committed',
    'expired-file-removed',
    'references-read',
    'orphan-removed',
  ]

  test('no row is lost or doubled, and the table stays whole', async () => {
    const writer = new Writer()
    for (const killAt of steps) {
      await writer.pausing(async () => {
        await litter()
        await makeOld()
      })
      const { catalogUrl } = stack.endpoints
      const killed = await runProgram({
        file: 'test/seams/07-lakehouse/programs/care-worker.ts',
        parameters: [JSON.stringify({ catalogUrl, table, killAt })],
        timeoutMs: 60_000,
      })
      expect([killAt, killed.reason]).toEqual([killAt, 'ended by SIGKILL'])
      expect((await verifyTable({ ...ports, storage: fileStorage }, table)).breaks).toEqual([])
    }
    const written = await writer.stop()
    expect(await numbersIn(ports, table)).toEqual(written)
  })
})

test.each<AppendStep>(['parquet-written', 'before-commit'])(
  'a paused append at %s keeps its files, and is committed',
  async (at) => {
    const slow = await newTable(ports, namespace)
    await makeOld(slow)
    const onStep = async (step: AppendStep) => {
      if (step !== at) return
      const { catalog, storage } = { ...ports, storage: fileStorage }
      await removeOrphans({ catalog, storage }, slow, { olderThanMs: leastOrphanAgeMs })
    }
    expect(await appendNumber({ ...ports, onStep }, slow)).toMatchObject({ kind: 'committed' })
    expect(await numbersIn(ports, slow)).toEqual([1n, 2n, 3n])
    expect((await verifyTable({ ...ports, storage: fileStorage }, slow)).breaks).toEqual([])
  },
)

describe('npm run lake', () => {
  const lake = async (...parameters: readonly string[]) => {
    const [verb = '', ...others] = parameters
    const { endpoints, context } = stack
    const operator = context.secrets.fileOf('operator')
    const name = fullName(table)
    const outcome = await runProgram({
      file: 'services/lakehouse/src/cli/command.ts',
      parameters: [
        ...[verb, name, ...others],
        ...['--catalog', endpoints.catalogUrl, '--credentials', operator],
      ],
      timeoutMs: 60_000,
    })
    return { reason: outcome.reason, output: outcome.output }
  }

  test('compact leaves one file, and orphans leaves none that nothing refers to', async () => {
    const before = await numbersIn(ports, table)
    expect(await lake('compact', '--dry-run')).toMatchObject({ reason: '' })
    expect((await liveFiles()).length).toBeGreaterThan(1)
    expect(await lake('compact')).toMatchObject({ reason: '' })
    expect(await liveFiles()).toHaveLength(1)
    await makeOld()
    const planned = await lake('orphans', '--dry-run')
    expect(planned.output).toContain('litter.parquet')
    expect(await lake('orphans')).toMatchObject({ reason: '' })
    expect((await lake('orphans')).output).toContain(': 0 files of 0 bytes')
    expect(await numbersIn(ports, table)).toEqual(before)
    expect((await lake('verify')).output).toContain('1 of 1 tables are whole')
  })

  test('verify names a missing file, and exits with 1', async () => {
    const [file = ''] = await liveFiles()
    rmSync(fileStorage.locate(file))
    const { reason, output } = await lake('verify')
    expect(reason).toBe('exit code 1')
    expect(output).toContain(`${file} is not there`)
  })
})

async function liveFiles(): Promise<readonly string[]> {
  const { files } = await planScan(fileStorage, await ports.catalog.loadTable(table))
  return files.map(({ file_path }) => file_path)
}

/** A file as a killed writer leaves it. */
async function litter(): Promise<void> {
  const { location } = await ports.catalog.loadTable(table)
  await fileStorage.remove(`${location}/data/litter.parquet`)
  await fileStorage.write(`${location}/data/litter.parquet`, Buffer.of(1))
}

/** Makes every file of the table on the disk two hours old. */
async function makeOld(one = table): Promise<void> {
  const { location } = await ports.catalog.loadTable(one)
  const time = Date.now() / 1_000 - TWO_HOURS_S
  for (const { uri } of await fileStorage.list(location)) {
    utimesSync(fileStorage.locate(uri), time, time)
  }
}

/** Appends a number, and the next one, and so on. */
class Writer {
  readonly #numbers = [1n, 2n]
  #stopped = false
  #turn: Promise<void> = Promise.resolve()
  readonly #running = this.#run()

  /** Runs something while no append is under way. */
  async pausing(work: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(work)
    this.#turn = turn
    await turn
  }

  async stop(): Promise<readonly bigint[]> {
    this.#stopped = true
    await this.#running
    return this.#numbers
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      await this.pausing(async () => {
        const { kind } = await appendNumber(ports, table)
        if (kind === 'committed') this.#numbers.push(BigInt(this.#numbers.length) + 1n)
      })
      await delay(20)
    }
  }
}
