import { describe, expect, it } from 'vitest'
import { planTopics } from './broker.ts'

const wanted = {
  name: 'shop.thing.v1',
  partitions: 4,
  configs: { 'retention.ms': '-1', 'cleanup.policy': 'delete' },
}
const nothing = { create: [], configure: [], refused: [] }

describe("the broker's topics", () => {
  it('are created when they are missing', () => {
    expect(planTopics([wanted], [])).toEqual({ ...nothing, create: [wanted] })
  })

  it('stay unchanged when they are as promised', () => {
    expect(planTopics([wanted], [wanted])).toEqual(nothing)
  })

  it('are configured when a setting differs', () => {
    const existing = { ...wanted, configs: { ...wanted.configs, 'retention.ms': '604800000' } }
    expect(planTopics([wanted], [existing])).toEqual({ ...nothing, configure: [wanted] })
  })

  it('are refused when the number of partitions differs, because keys would move', () => {
    expect(planTopics([wanted], [{ ...wanted, partitions: 2 }])).toEqual({
      ...nothing,
      refused: ['shop.thing.v1: 4 partitions are promised, the broker has 2'],
    })
  })
})
