import { spawn } from 'node:child_process'
import { expect, test } from 'vitest'
import { idleLines, totalMs, watchIdle } from './idle.ts'
import { hasProc } from './observe/processes.ts'

test.runIf(hasProc)(
  'what works shows, what sleeps does not, and it ends with the abort',
  async () => {
    const [busy, quiet] = ['for (;;);', 'setTimeout(() => undefined, 60_000)'].map((program) =>
      spawn(process.execPath, ['-e', program], { stdio: 'ignore' }),
    )
    try {
      const pids = new Map([
        ['busy', busy?.pid ?? 0],
        ['quiet', quiet?.pid ?? 0],
      ])
      const idle = await watchIdle(pids, 60_000, AbortSignal.timeout(1_500))
      const [first, second] = idle.parts
      expect(first).toMatchObject({ part: 'busy' })
      expect(first?.cpuMs).toBeGreaterThan(second?.cpuMs ?? Number.POSITIVE_INFINITY)
      expect(first?.memoryBytes).toBeGreaterThan(1_000_000)
      expect(idle.watchedMs).toBeLessThan(30_000)
    } finally {
      for (const child of [busy, quiet]) child?.kill('SIGKILL')
    }
  },
)

test('the parts are told with their threads, and their sum', () => {
  const parts = [
    { part: 'kafka', cpuMs: 3_600, memoryBytes: 400 * 2 ** 20, groups: { io: 3_000, timers: 600 } },
    { part: 'orders', cpuMs: 300, memoryBytes: 100 * 2 ** 20, groups: { MainThread: 300 } },
  ]
  const lines = idleLines({ watchedMs: 30_000, othersShare: 0.25, parts }).join('\n')
  expect(totalMs(parts) / 30_000).toBeCloseTo(0.13)
  expect(lines).toMatch(/kafka +12 % +400 MB +io 10\.0 %|kafka +12 % +400 MB +io 10 %/)
  expect(lines).toMatch(/all of it +13 % +500 MB/)
  expect(lines).toContain('in 30 s; other work had 25 % of the cores')
})
