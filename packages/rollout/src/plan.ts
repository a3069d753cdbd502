import type { Gate } from './gate.ts'

/**
 * The phases in their order. What reads need of history is backfilled before reads move (`backfill-before`); what nobody reads
 * comes after writes have moved (`backfill-after`). A plan may leave phases out; it never changes their order.
 */
export const phases = [
  'baseline',
  'shadow',
  'dual-write',
  'backfill-before',
  'cutover-reads',
  'cutover-writes',
  'backfill-after',
  'retire-rights',
  'retire-data',
] as const

export type Phase = (typeof phases)[number]

/** A phase, or a share of it, that is entered by acts, watched by a gate, and left by the next one. */
export type Step = {
  readonly phase: Phase
  /** Of `shadow` and `cutover-reads`: how many in a hundred keys take the new path. */
  readonly percent?: number
  readonly gate: Gate
  /** Moves on only by a person's `promote`, which the gate must allow as well. */
  readonly needsApproval?: boolean
}

export type Plan = readonly Step[]

export function titleOf({ phase, percent }: Step): string {
  return percent === undefined ? phase : `${phase} ${percent} %`
}

export function hasPercent(phase: Phase): boolean {
  return phase === 'shadow' || phase === 'cutover-reads'
}
