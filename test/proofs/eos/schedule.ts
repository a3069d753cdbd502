/** A part that is killed, or stopped and resumed later. Times are milliseconds. */
export type Fault = {
  readonly target: string
  readonly kind: 'kill' | 'pause'
  /** How long it is away. */
  readonly awayMs: number
}

/** `loop-a` is one of the witness's two processes; the others are parts of the system. */
export const targets = [
  'orders',
  'payments',
  'fulfilment',
  'lakehouse',
  'connect',
  'kafka',
  'loop-a',
] as const

/** The session timeout of our Kafka groups; a member that is paused for longer comes back as a zombie. */
const SESSION_MS = 15_000

/** The same seed makes the same faults. Every target has its turn before one has the next. */
export function scheduleOf(seed: number, faults: number): readonly Fault[] {
  const random = randomOf(seed)
  const schedule: Fault[] = []
  let bag: string[] = []
  while (schedule.length < faults) {
    if (bag.length === 0) bag = [...targets]
    const [target = 'orders'] = bag.splice(Math.floor(random() * bag.length), 1)
    const isKill = random() < 0.7
    const isZombie = random() < 0.25 && target !== 'kafka' && target !== 'connect'
    const short = 200 + Math.floor(random() * 2_300)
    const awayMs = !isKill && isZombie ? SESSION_MS + 1_000 + short : short
    schedule.push({ target, kind: isKill ? 'kill' : 'pause', awayMs })
  }
  return schedule
}

/** Mulberry32: a small generator, the same on every machine. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
