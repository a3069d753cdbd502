import type { OpenProducer, OpenTransaction } from '@tenseams/kafka/transactions/open-transactions'
import { describe, expect, test } from 'vitest'
import { planAbort, transactionLines } from './transactions.ts'

const producer: OpenProducer = {
  ...{ topic: 'shipments', partition: 2, producerId: 7n, producerEpoch: 3, coordinatorEpoch: 0 },
  ...{ firstOffset: 41n, lastWrittenAtMs: 0 },
}

const known = (ageMs: number, state = 'Ongoing'): OpenTransaction => ({
  ...{ kind: 'known', ageMs, producers: [producer] },
  transaction: {
    ...{ transactionalId: 'fulfilment-0', state, producerId: 7n, timeoutMs: 30_000 },
    ...{ startedAtMs: 0, partitions: [{ topic: 'shipments', partition: 2 }] },
  },
})
const hanging: OpenTransaction = { kind: 'hanging', producer, ageMs: 1_000_000 }

function ending() {
  const ended: string[] = []
  return {
    ended,
    leastMs: 30_000,
    end: async ({ transactionalId }: { transactionalId: string }) =>
      void ended.push(transactionalId),
    abort: async ({ topic, partition }: OpenProducer) => void ended.push(`${topic} ${partition}`),
  }
}

test('the list says whose it is, since when, and where readers wait', () => {
  expect(transactionLines([known(95_000), hanging])).toEqual([
    'fulfilment-0  Ongoing, open for 95 s; its timeout is 30 s',
    '  shipments 2: readers of committed data wait at offset 41',
    expect.stringMatching(/^producer 7 {2}hanging: its coordinator does not know it/),
    '  shipments 2: readers of committed data wait at offset 41',
  ])
})

describe('an abort', () => {
  const id = { transactionalId: 'fulfilment-0' }

  test('of a transactional id ends its transaction at the coordinator, and no other', async () => {
    const { ended, ...how } = ending()
    const plan = planAbort([known(95_000), hanging], id, how)
    for (const step of plan.steps) await step.act()
    expect(plan.refused).toBeUndefined()
    expect(ended).toEqual(['fulfilment-0'])
  })

  test('in a partition ends what hangs there, and never what a coordinator knows', async () => {
    const { ended, ...how } = ending()
    const chosen = { topic: 'shipments', partition: 2 }
    for (const step of planAbort([known(95_000), hanging], chosen, how).steps) await step.act()
    expect(ended).toEqual(['shipments 2'])
    expect(planAbort([known(95_000)], chosen, how).steps).toEqual([])
  })

  test('of a writer that may be at work is refused, and says how to insist', () => {
    expect(planAbort([known(12_000)], id, ending()).refused).toContain('--older-than 12')
    const insisting = { ...ending(), leastMs: 12_000 }
    expect(planAbort([known(12_000)], id, insisting).refused).toBeUndefined()
  })

  test('of what is being committed is refused', () => {
    expect(planAbort([known(95_000, 'PrepareCommit')], id, ending()).refused).toContain('decided')
  })

  test('of what is not open has nothing to do', () => {
    expect(planAbort([], id, ending())).toMatchObject({ steps: [], refused: undefined })
  })
})
