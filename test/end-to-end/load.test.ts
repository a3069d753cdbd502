import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from '@tenseams/local/launcher/host/wait'
import type pg from 'pg'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { memoryBytesOf } from '../load/report/figures.ts'
import { readResult } from '../load/report/result.ts'
import type { SystemFigures } from '../load/report/step.ts'
import { runProgram } from '../runner/program.ts'
import { adminPool } from '../support/shop.ts'
import { useStack } from '../support/stack.ts'

const folder = mkdtempSync(join(tmpdir(), 'ten-seams-load-'))
let pool: pg.Pool

beforeAll(async () => {
  pool = adminPool(await useStack())
})

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await pool.end()
})

const TIMEOUT_MS = 180_000

/** Orders and their ends since a moment, by the log in Postgres. */
async function eventsSince(moment: Date): Promise<Readonly<Record<string, number>>> {
  const { rows } = await pool.query<{ type: string; orders: number }>(
    `select type, count(distinct stream_id)::int as orders from orders.events
      where stream_id in (select stream_id from orders.events where type = 'OrderPlaced' and recorded_at >= $1)
      group by type`,
    [moment],
  )
  return Object.fromEntries(rows.map(({ type, orders }) => [type, orders]))
}

const endsIn = ({ ends }: Pick<SystemFigures, 'ends'>, counts: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.keys(ends).map((type) => [type, counts[type] ?? 0]))

test(
  'a short load at a low rate counts what the system counts',
  async () => {
    const { rows } = await pool.query<{ now: Date }>('select clock_timestamp() as now')
    const options =
      '--rate 5 --duration 8s --ramp 2s --mix orders=6,declined=2,cancellations=1,reads=1 --repeated 20'
    const { reason, output } = await runProgram({
      file: 'test/load/main.ts',
      parameters: [...options.split(' '), '--instance', inject('instance'), '--results', folder],
      timeoutMs: TIMEOUT_MS,
    })
    const [file = ''] = readdirSync(folder).filter((name) => name.endsWith('.json'))
    const { steps, settings } = readResult(join(folder, file))
    const [step] = steps
    const system = step?.system
    if (step === undefined || system === undefined) return expect.fail(output)

    expect(reason, output).toBe('')
    expect(settings.profile).toBe('full')
    expect(step.due).toBe(40)
    expect(step.failed).toEqual({})

    // Each accepted order once: in Postgres, in Kafka, and at its end.
    const stored = await eventually(
      async () => {
        const counts = await eventsSince(rows[0]?.now ?? new Date())
        expect(endsIn(system, counts)).toEqual(system.ends)
        return counts
      },
      { timeoutMs: 20_000, what: 'Postgres to have what the load saw' },
    )
    expect(stored.OrderPlaced).toBe(step.accepted)
    expect(system.placed).toBe(step.accepted)
    expect(system.isSettled, output).toBe(true)

    // Every stage was observed, and each later one takes longer.
    expect(system.unseen, output).toEqual({ bronze: 0, silver: 0, gold: 0 })
    const p50 = (name: string) => step.latencies[name]?.p50 ?? Number.NaN
    expect(p50('http orders')).toBeGreaterThan(0)
    for (const stage of ['completed', 'bronze', 'silver', 'gold']) {
      expect(p50(stage), stage).toBeGreaterThan(p50('http orders'))
    }
    expect(p50('gold')).toBeGreaterThanOrEqual(p50('bronze'))

    for (const part of ['postgres', 'kafka', 'orders', 'lakehouse']) {
      const { cpuMs = 0, groups = {} } = system.parts[part] ?? {}
      expect(cpuMs, part).toBeGreaterThan(0)
      expect(memoryBytesOf(step, part), part).toBeGreaterThan(0)
      expect(Object.keys(groups).length, part).toBeGreaterThan(0)
    }
    const groups = Object.keys(system.lag.at(-1)?.lag ?? {})
    expect(groups).toEqual(expect.arrayContaining(['orders', 'payments', 'fulfilment']))
  },
  TIMEOUT_MS,
)
