import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { changeAcl } from '../../support/acl.ts'
import { type TestStack, useStack } from '../../support/stack.ts'
import { kafkaProbe } from './kafka-probe.ts'
import { differences, type Probe } from './matrix.ts'

let stack: TestStack

beforeAll(async () => {
  stack = await useStack()
})

/** Each kind of server adds a line here and a probe beside this file. */
const probes: readonly (readonly [string, (stack: TestStack) => Probe<never>])[] = [
  ['Kafka', ({ endpoints }) => kafkaProbe(endpoints) as unknown as Probe<never>],
]

describe('the matrix of identities and operations', () => {
  test.each(probes)(
    '%s allows what is declared, and denies everything else',
    async (_, open) => {
      const probe = open(stack)
      try {
        expect(probe.cells.length).toBeGreaterThan(0)
        expect(await differences(probe)).toEqual([])
      } finally {
        await probe.close()
      }
    },
    120_000,
  )
})

describe('the matrix finds', () => {
  const topic = 'orders.order.v1'
  const own = (probe: ReturnType<typeof kafkaProbe>) =>
    probe.cells.filter(
      ({ identity, operation, target }) =>
        identity === 'backfill' && operation === 'consume' && target === topic,
    )

  afterAll(() => changeAcl(stack.endpoints, 'remove', 'backfill', topic))

  test('a right too many, and one too few', async () => {
    const probe = kafkaProbe(stack.endpoints)
    const cells = own(probe)
    const promised = cells.map((cell) => ({ ...cell, allowed: true }))
    try {
      expect(await differences({ ...probe, cells })).toEqual([])
      expect(await differences({ ...probe, cells: promised })).toEqual([
        `backfill, consume, ${topic}: declared, and denied`,
      ])
      await changeAcl(stack.endpoints, 'add', 'backfill', topic)
      // A change is answered when the controller has written it; the broker reads it from there.
      await expect
        .poll(() => differences({ ...probe, cells }), { timeout: 30_000 })
        .toEqual([`backfill, consume, ${topic}: allowed, and not declared`])
      expect(await differences({ ...probe, cells: promised })).toEqual([])
    } finally {
      await probe.close()
    }
  })
})
