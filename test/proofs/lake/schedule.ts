import { randomOf } from '../eos/schedule.ts'
import { type SinkStep, sinkSteps } from './task.ts'

/** One of two processes. */
export type SinkName = 'a' | 'b'

/** `sharing`: both are in one group, so each has some partitions. `racing`: each has all of them. */
export type Phase = 'sharing' | 'racing'

/** A process that ends or stands still. Times are milliseconds. */
export type Kill =
  | { readonly kind: 'kill-at-step'; readonly step: SinkStep }
  | { readonly kind: 'kill'; readonly afterMs: number }
  /** Stopped at a step and resumed: longer than its session, so that the other has taken its partitions. */
  | { readonly kind: 'zombie'; readonly step: SinkStep; readonly awayMs: number }
  | { readonly kind: 'catalog'; readonly awayMs: number }

/** What happens between two kills, and is no kill itself. */
export const disturbances = ['answer-lost', 'request-lost', 'late', 'repeated'] as const

export type Disturbance = (typeof disturbances)[number]

export type Fault = {
  readonly phase: Phase
  readonly sink: SinkName
  readonly kill: Kill
  readonly disturbance: Disturbance
}

/** A member of the group is missed after six seconds. */
const SESSION_MS = 6_000

/** So many kills meet each step of an append, the catalogue, and a zombie. */
export const leastKills = sinkSteps.length + 4

/** The same seed makes the same faults. Every kind has its turn before one has the next; first shared, then raced. */
export function scheduleOf(seed: number, kills: number): readonly Fault[] {
  const random = randomOf(seed)
  const nextKill = drawing(random, () => killsOf(random))
  const nextDisturbance = drawing(random, () => disturbances)
  return Array.from({ length: kills }, (_, index) => ({
    phase: index * 2 < kills ? ('sharing' as const) : ('racing' as const),
    sink: random() < 0.5 ? ('a' as const) : ('b' as const),
    kill: nextKill(),
    disturbance: nextDisturbance(),
  }))
}

function killsOf(random: () => number): readonly Kill[] {
  const step = sinkSteps[Math.floor(random() * sinkSteps.length)] ?? 'before-commit'
  return [
    ...sinkSteps.map((at) => ({ kind: 'kill-at-step' as const, step: at })),
    { kind: 'kill', afterMs: Math.floor(random() * 1_500) },
    { kind: 'zombie', step: 'before-commit', awayMs: SESSION_MS + 1_500 },
    { kind: 'zombie', step, awayMs: 500 + Math.floor(random() * 2_000) },
    { kind: 'catalog', awayMs: 300 + Math.floor(random() * 2_000) },
  ]
}

/** Draws from a bag, which is filled again when it is empty. */
function drawing<One>(random: () => number, fill: () => readonly One[]): () => One {
  let bag: One[] = []
  return () => {
    if (bag.length === 0) bag = [...fill()]
    const [drawn] = bag.splice(Math.floor(random() * bag.length), 1)
    return drawn as One
  }
}
