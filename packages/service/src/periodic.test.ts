import { describe, expect, test } from 'vitest'
import { Periodic, type PeriodicOptions } from './periodic.ts'

/** Runs rounds without a clock: a pause is recorded and ends at once, and the last round closes the work. */
async function run<Result>(
  rounds: number,
  { work, ...options }: Omit<PeriodicOptions<Result>, 'onError' | 'sleep'>,
): Promise<readonly string[]> {
  const seen: string[] = []
  let left = rounds
  const whole = Promise.withResolvers<void>()
  const periodic = new Periodic<Result>({
    ...options,
    work: async (signal) => {
      seen.push('round')
      left -= 1
      if (left === 0) whole.resolve(periodic.close())
      return work(signal)
    },
    onError: (error) => seen.push(String(error)),
    sleep: async (pauseMs) => {
      seen.push(`pause ${pauseMs}`)
    },
  })
  periodic.start()
  await whole.promise
  return seen
}

const nothing = async () => undefined

describe('periodic work', () => {
  test('pauses between its rounds', async () => {
    expect(await run(3, { work: nothing, pauseMs: 70 })).toEqual([
      ...['round', 'pause 70', 'round', 'pause 70', 'round'],
    ])
  })

  test('may begin with a pause', async () => {
    const seen = await run(1, { work: nothing, pauseMs: 70, firstPauseMs: 30 })
    expect(seen).toEqual(['pause 30', 'round'])
  })

  test('continues after a failed round', async () => {
    const work = () => Promise.reject(new Error('away'))
    const seen = await run(2, { work, pauseMs: 70 })
    expect(seen).toEqual(['round', 'Error: away', 'pause 70', 'round', 'Error: away'])
  })

  test('lets a round decide on the pause after it; no pause at all is one of them', async () => {
    const results = [5, 0, 5]
    const seen = await run(3, {
      work: async () => results.shift() ?? 0,
      pauseMs: (round) => (round.kind === 'done' ? round.result : 1_000),
    })
    expect(seen).toEqual(['round', 'pause 5', 'round', 'round'])
  })

  test('begins the next round at once when it is woken in a pause or in a round', async () => {
    const rounds: PromiseWithResolvers<void>[] = []
    const periodic = new Periodic({
      work: () => {
        const round = Promise.withResolvers<void>()
        rounds.push(round)
        return round.promise
      },
      pauseMs: 60_000,
      onError: () => undefined,
    })
    periodic.start()
    periodic.wake()
    rounds[0]?.resolve()
    await expect.poll(() => rounds.length).toBe(2)
    rounds[1]?.resolve()
    await new Promise(setImmediate)
    expect(rounds).toHaveLength(2)
    periodic.wake()
    await expect.poll(() => rounds.length).toBe(3)
    rounds[2]?.resolve()
    await periodic.close()
    expect(rounds).toHaveLength(3)
  })

  test('never has two rounds at once, also when it is started twice', async () => {
    let under = 0
    const most: number[] = []
    const gate = Promise.withResolvers<void>()
    const periodic = new Periodic({
      work: async () => {
        under += 1
        most.push(under)
        await gate.promise
        under -= 1
      },
      pauseMs: 0,
      onError: (error) => {
        throw error
      },
    })
    periodic.start()
    periodic.start()
    const closed = periodic.close()
    gate.resolve()
    await closed
    expect(most).toEqual([1])
  })
})

describe('closing', () => {
  test('ends a pause at once', async () => {
    const paused = Promise.withResolvers<void>()
    const periodic = new Periodic({
      work: async () => paused.resolve(),
      pauseMs: 3_600_000,
      onError: () => undefined,
    })
    periodic.start()
    await paused.promise
    await periodic.close()
    expect(periodic.signal.aborted).toBe(true)
  })

  test('tells the round under way, and waits for it', async () => {
    const seen: string[] = []
    const begun = Promise.withResolvers<void>()
    const periodic = new Periodic({
      work: async (signal) => {
        begun.resolve()
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        seen.push('round ends')
      },
      pauseMs: 0,
      onError: () => undefined,
    })
    periodic.start()
    await begun.promise
    await periodic.close()
    seen.push('closed')
    expect(seen).toEqual(['round ends', 'closed'])
  })

  test('is possible without a start', async () => {
    const periodic = new Periodic({ work: nothing, pauseMs: 0, onError: () => undefined })
    await periodic.close()
  })
})
