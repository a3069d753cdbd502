import { syncBuiltinESMExports } from 'node:module'
import timersPromises from 'node:timers/promises'
import { Chance } from './chance.ts'
import type { World } from './world.ts'

type Timer = {
  stop(): void
  ref(): Timer
  unref(): Timer
  hasRef(): boolean
}

const real = {
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setInterval: globalThis.setInterval,
  clearInterval: globalThis.clearInterval,
  delay: timersPromises.setTimeout,
  stackTraceLimit: Error.stackTraceLimit,
  dateNow: Date.now,
  performanceNow: performance.now.bind(performance),
  random: Math.random,
}

const EPOCH_MS = Date.UTC(2026, 0, 1)

/**
 * Replaces timers and clocks by those of the simulated world, so that the code under test is unchanged. A run is one turn
 * of the event loop, so no other code sees them. They are restored afterwards whatever happens.
 */
export async function withVirtualTime<Value>(
  world: World,
  work: () => Promise<Value>,
): Promise<Value> {
  install(world)
  try {
    return await work()
  } finally {
    restore()
  }
}

let world: World | undefined

function install(next: World): void {
  if (world !== undefined) throw new Error('two simulated worlds at once')
  world = next
  if (timersPromises.setTimeout === real.delay) {
    // Code that imported it by name gets this one from now on; outside of a run it calls the real one.
    Object.assign(timersPromises, { setTimeout: delay })
    syncBuiltinESMExports()
  }
  // Thousands of errors are thrown and caught; their stacks are not needed.
  Error.stackTraceLimit = 0
  Object.assign(globalThis, { setTimeout: once, clearTimeout: stop })
  Object.assign(globalThis, { setInterval: repeatedly, clearInterval: stop })
  Object.assign(Date, { now: () => EPOCH_MS + present().now })
  Object.assign(performance, { now: () => present().now })
  Object.assign(Math, { random: jitter })
}

function restore(): void {
  world = undefined
  Error.stackTraceLimit = real.stackTraceLimit
  const { setTimeout, clearTimeout, setInterval, clearInterval } = real
  Object.assign(globalThis, { setTimeout, clearTimeout, setInterval, clearInterval })
  Object.assign(Date, { now: real.dateNow })
  Object.assign(performance, { now: real.performanceNow })
  Object.assign(Math, { random: real.random })
}

/** By process and time: no two processes retry in step for ever, and a run can be repeated. */
function jitter(): number {
  const { current, now } = present()
  return new Chance(0).fraction(`${current?.name} ${now}`)
}

function present(): World {
  if (world === undefined) throw new Error('no simulated world')
  return world
}

function once(run: (...values: unknown[]) => void, delayMs = 0, ...values: unknown[]): Timer {
  const here = present()
  const event = here.at(delayMs, here.current, () => run(...values))
  return timer(() => {
    event.isCancelled = true
  })
}

function repeatedly(run: () => void, everyMs = 0): Timer {
  const here = present()
  const owner = here.current
  const again = () => here.at(everyMs, owner, beat)
  const beat = () => {
    event = again()
    run()
  }
  let event = again()
  return timer(() => {
    event.isCancelled = true
  })
}

function timer(stopIt: () => void): Timer {
  const made: Timer = { stop: stopIt, ref: () => made, unref: () => made, hasRef: () => true }
  return made
}

function stop(made: Timer | undefined): void {
  made?.stop()
}

function delay(delayMs = 0, value?: unknown, options?: { signal?: AbortSignal }): Promise<unknown> {
  if (world === undefined) return real.delay(delayMs, value, options)
  const here = world
  return new Promise((resolve, reject) => {
    const event = here.at(delayMs, here.current, () => resolve(value))
    options?.signal?.addEventListener('abort', () => {
      event.isCancelled = true
      reject(options.signal?.reason)
    })
  })
}
