import type pg from 'pg'
import { expect, test } from 'vitest'
import { Projection } from './projection.ts'
import type { PositionedEvent } from './read-category.ts'

const generations = [{ generation: 1, state: 'current', transaction_id: '0', position: '0' }]

/** A read model over a log that the test fills. A pause is noted, and ends when the test says so or it is woken. */
function readModel() {
  let left = 0
  const query = async (query: string | pg.QueryConfig) => ({
    rows: typeof query === 'object' && query.name === 'generations' ? generations : [],
    rowCount: 1,
  })
  const seen: string[] = []
  let endPause: () => void = () => undefined
  const projection = new Projection({
    ...{ schema: 'orders', name: 'list', clear: async () => 0 },
    pool: {
      query,
      connect: async () => ({ query, release: () => undefined }),
    } as unknown as pg.Pool,
    apply: async (_, __, events) => void seen.push(`${events.length} applied`),
    readEvents: async () => {
      const count = Math.min(left, 500)
      left -= count
      const event = { logPosition: { transactionId: 1n, position: 1n } } as PositionedEvent
      return Array.from({ length: count }, () => event)
    },
    sleep: (pauseMs, signal) =>
      new Promise((resolve) => {
        seen.push(`pause ${pauseMs}`)
        endPause = resolve
        signal.addEventListener('abort', () => resolve())
      }),
  })
  /** Waits for the next pause. */
  const paused = async (pauses: number) => {
    const isPaused = () => seen.filter((one) => one.startsWith('pause')).length
    await expect.poll(isPaused, { interval: 1 }).toBe(pauses)
  }
  const append = (count: number) => {
    left += count
  }
  return { projection, append, seen, paused, endPause: () => endPause() }
}

test('looks more and more seldom while nothing comes, and at once when it is told of an append', async () => {
  const { projection, append, seen, paused, endPause } = readModel()
  projection.start()
  for (let pauses = 1; pauses <= 4; pauses += 1) {
    await paused(pauses)
    if (pauses < 4) endPause()
  }
  append(1)
  projection.wake()
  await paused(5)
  expect(seen).toEqual([
    ...['pause 150', 'pause 300', 'pause 500', 'pause 500'],
    ...['1 applied', 'pause 150'],
  ])
  await projection.close()
})

test('reads what it has missed without a pause, and gathers what comes, however often it is told', async () => {
  const { projection, append, seen, paused, endPause } = readModel()
  append(1_200)
  projection.start()
  await paused(1)
  for (let told = 0; told < 100; told += 1) {
    append(1)
    projection.wake()
  }
  await new Promise(setImmediate)
  endPause()
  await paused(2)
  expect(seen).toEqual([
    ...['500 applied', '500 applied', '200 applied', 'pause 150', '100 applied', 'pause 150'],
  ])
  await projection.close()
})
