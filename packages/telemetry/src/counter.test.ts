import { Registry } from 'prom-client'
import { describe, expect, test } from 'vitest'
import { openCounter } from './counter.ts'

const options = { name: 'things_total', help: 'Things.', labelNames: ['kind'] } as const

describe('a counter', () => {
  test('shows the series that are known at 0, before anything is counted', async () => {
    const registry = new Registry()
    openCounter(registry, { ...options, startsWith: [{ kind: 'large' }, { kind: 'small' }] })
    const text = await registry.metrics()
    expect(text).toContain('things_total{kind="large"} 0')
    expect(text).toContain('things_total{kind="small"} 0')
  })

  test('is one for all who open it by its name, and keeps what was counted', async () => {
    const registry = new Registry()
    const startsWith = [{ kind: 'large' }]
    openCounter(registry, { ...options, startsWith }).inc({ kind: 'large' })
    openCounter(registry, { ...options, startsWith }).inc({ kind: 'large' })
    expect(await registry.metrics()).toContain('things_total{kind="large"} 2')
  })
})
