import { afterAll } from 'vitest'

/**
 * Files share a context, so a timer that one of them leaves replaced never fires for those after it. The first setup of a context
 * sees the real ones.
 */
const shared = globalThis as typeof globalThis & { realTimers?: Readonly<Record<string, unknown>> }
shared.realTimers ??= { setTimeout, setInterval, setImmediate, Date, performance }

afterAll(() => {
  const replaced = Object.entries(shared.realTimers ?? {}).filter(
    ([name, real]) => Reflect.get(globalThis, name) !== real,
  )
  if (replaced.length === 0) return
  Object.assign(globalThis, shared.realTimers)
  throw new Error(`this file leaves ${replaced.map(([name]) => name).join(', ')} replaced`)
})
