import { Registry } from 'prom-client'
import { describe, expect, test } from 'vitest'
import { showSources } from './show.ts'
import type { Sample, Source } from './source.ts'

const sample: Sample = ['tenseams_lake_snapshots', { table: 'bronze.a' }, 3]

const bounds = { askMs: 2_000, waitMs: 1_000, patienceMs: 100 }

function shown(ask: () => Promise<readonly Sample[]>, keptMs = 0) {
  const registry = new Registry()
  const source: Source = {
    ...{ name: 'lake', gauges: ['tenseams_lake_snapshots', 'tenseams_lake_data_files'] },
    ...{ keptMs, ask },
  }
  const told: string[] = []
  const tell = (_context: object, message: string) => void told.push(message)
  showSources(registry, [source], { info: tell, warn: tell }, bounds)
  return { registry, told }
}

describe('a source', () => {
  test('is asked once at a scrape, whatever the number of its gauges', async () => {
    let asked = 0
    const { registry } = shown(async () => {
      asked += 1
      return [sample]
    })
    const text = await registry.metrics()
    expect(text).toContain('tenseams_lake_snapshots{table="bronze.a"} 3')
    expect(text).toContain('tenseams_exporter_source_up{source="lake"} 1')
    expect(asked).toBe(1)
    await registry.metrics()
    expect(asked).toBe(2)
  })

  test('that does not answer is down, and its old values are not shown', async () => {
    let isAway = false
    const { registry, told } = shown(async () => {
      if (isAway) throw new Error('connection refused')
      return [sample]
    })
    await registry.metrics()
    isAway = true
    const text = await registry.metrics()
    expect(text).toContain('tenseams_exporter_source_up{source="lake"} 0')
    expect(text).not.toContain('bronze.a')
    await registry.metrics()
    expect(told).toEqual(['the source does not answer'])
    isAway = false
    expect(await registry.metrics()).toContain('bronze.a')
    expect(told.at(-1)).toBe('the source answers again')
  })

  test('is not asked again while its answer is kept', async () => {
    let asked = 0
    const { registry } = shown(async () => {
      asked += 1
      return [sample]
    }, 60_000)
    await registry.metrics()
    expect(await registry.metrics()).toContain('bronze.a')
    expect(asked).toBe(1)
  })

  test('that is slow is shown with its last answer until the next one is there, and not for ever', async () => {
    let answered = 0
    const release: (() => void)[] = []
    const { registry } = shown(async () => {
      if (answered > 0) await new Promise<void>((resolve) => release.push(resolve))
      answered += 1
      return [['tenseams_lake_snapshots', { table: 'bronze.a' }, answered]]
    })
    expect(await registry.metrics()).toContain('{table="bronze.a"} 1')
    expect(await registry.metrics()).toContain('{table="bronze.a"} 1')
    release.shift()?.()
    await expect.poll(() => registry.metrics()).toContain('{table="bronze.a"} 2')
    await expect
      .poll(() => registry.metrics(), { timeout: 30_000 })
      .toContain('tenseams_exporter_source_up{source="lake"} 0')
  }, 60_000)

  test('that answers after a scrape has ended is shown at the next one', async () => {
    const first = Promise.withResolvers<void>()
    const { registry } = shown(async () => {
      await first.promise
      return [sample]
    })
    expect(await registry.metrics()).toContain('tenseams_exporter_source_up{source="lake"} 0')
    first.resolve()
    await expect.poll(() => registry.metrics()).toContain('{table="bronze.a"} 3')
  }, 20_000)

  test('that hangs holds the scrape up for a bounded time', async () => {
    const { registry } = shown(() => new Promise(() => undefined))
    const begunMs = performance.now()
    expect(await registry.metrics()).toContain('tenseams_exporter_source_up{source="lake"} 0')
    expect(performance.now() - begunMs).toBeLessThan(9_000)
  }, 20_000)
})
