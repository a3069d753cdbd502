import { randomUUID } from 'node:crypto'
import type { AppendPorts, AppendStep } from '@tenseams/iceberg/write/append'
import {
  askedUpToSummary,
  type Corrections,
  correct,
} from '@tenseams/lakehouse-service/gold/corrections'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { runProgram } from '../../runner/program.ts'
import { closeLake, openLake } from '../../support/lake/open-lake.ts'
import { type TestStack, useStack } from '../../support/stack.ts'
import { aside, type Captured, correctionsIn, log, ownCorrections } from './late-tables.ts'

let stack: TestStack
let ports: AppendPorts
let own: Corrections
const namespaces: string[] = []

beforeAll(async () => {
  stack = await useStack()
  ports = await openLake(stack.endpoints.catalogUrl)
})

beforeEach(() => {
  const namespace = `late_${randomUUID().slice(0, 8)}`
  namespaces.push(namespace)
  own = ownCorrections(namespace)
})

afterAll(async () => {
  await closeLake(ports, ...namespaces)
})

const round = () => correct(ports, own, 1_000n)
const payment = (id: string, offset: bigint, minute = 7): Captured => ({ id, offset, minute })

test('late money is added as further rows of its window, once', async () => {
  expect(await round()).toEqual({ kind: 'idle' })
  await log(ports, own, [payment('a', 0n), payment('b', 1n, 8), payment('c', 2n)])
  await aside(ports, own, [payment('a', 0n), payment('b', 1n, 8)])
  expect(await round()).toEqual({ kind: 'corrected', rows: 2 })
  await aside(ports, own, [payment('c', 2n)])
  expect(await round()).toEqual({ kind: 'corrected', rows: 1 })
  expect(await round()).toEqual({ kind: 'idle' })
  expect(await correctionsIn(ports, own)).toEqual(['7 1 100', '7 1 100', '8 1 100'])
})

test('a late repeat adds nothing, whether its first record was on time or late', async () => {
  await log(ports, own, [payment('in-time', 0n), payment('late', 1n), payment('in-time', 2n)])
  await log(ports, own, [payment('late', 3n)])
  await aside(ports, own, [payment('late', 1n), payment('in-time', 2n)])
  await round()
  await aside(ports, own, [payment('late', 3n)])
  expect(await round()).toEqual({ kind: 'corrected', rows: 0 })
  expect(await correctionsIn(ports, own)).toEqual(['7 1 100'])
})

test('the correction waits for bronze, and records how far bronze had come', async () => {
  await log(ports, own, [payment('a', 0n)])
  await aside(ports, own, [payment('b', 1n)])
  expect(await round()).toEqual({ kind: 'waiting' })
  await log(ports, own, [payment('b', 1n)])
  expect(await round()).toEqual({ kind: 'corrected', rows: 1 })
  const table = await ports.catalog.loadTable(own.table)
  expect(table.snapshots.at(-1)?.summary[askedUpToSummary]).toBe(`{"${own.topic}-0":2}`)
})

test('of three concurrent corrections, one counts it', async () => {
  await log(ports, own, [payment('a', 0n)])
  await aside(ports, own, [payment('a', 0n)])
  const kinds = (await Promise.all([round(), round(), round()])).map(({ kind }) => kind)
  expect(kinds.filter((kind) => kind === 'corrected')).toHaveLength(1)
  expect(await correctionsIn(ports, own)).toEqual(['7 1 100'])
})

describe('a kill', () => {
  const steps: readonly AppendStep[] = [
    'parquet-written',
    'before-commit',
    'commit-sent',
    'after-commit',
  ]

  test.each(steps)('at %s loses nothing and doubles nothing', async (killAt) => {
    await log(ports, own, [payment('a', 0n), payment('b', 1n)])
    await aside(ports, own, [payment('a', 0n), payment('b', 1n)])
    const task = { catalogUrl: stack.endpoints.catalogUrl, namespace: own.table.namespace, killAt }
    const killed = await runProgram({
      file: 'test/seams/04-event-time/late-writer.ts',
      parameters: [JSON.stringify(task)],
      timeoutMs: 60_000,
    })
    expect(killed.ok, 'it ends by its own kill').toBe(false)
    await round()
    expect(await correctionsIn(ports, own)).toEqual(['7 2 200'])
  })
})
