import type { TopicPartition } from './operations.ts'

/** The anomalies that the checker finds, and their meaning. */
export const anomalies = {
  'lost-write': 'an acknowledged value that readers passed, and nobody has seen',
  unseen: 'an acknowledged value beyond what anybody has read',
  duplicate: 'one value at several offsets',
  'inconsistent-offsets': 'several values at one offset',
  'aborted-read': 'a value was read that failed or was aborted (G1a)',
  'precommitted-read': 'a value was read before its commit, or its send, had begun',
  'phantom-read': 'a value was read that nobody sent',
  'torn-transaction': 'some of a committed transaction was seen, the rest was passed unseen',
  'internal-poll-skip': 'one poll left out a value that others have seen',
  'external-poll-skip': 'a reader skipped a value that others have seen',
  'internal-nonmonotonic-poll': 'offsets do not rise within one poll',
  'external-nonmonotonic-poll': 'a reader went back without a seek',
  'group-poll-skip': 'a new owner began beyond what its group had committed',
  'group-nonmonotonic-poll': 'a new owner began before what its group had committed',
  'internal-nonmonotonic-send': 'offsets do not rise in the order of one send or transaction',
  'external-nonmonotonic-send': 'a send lies before one that was acknowledged before it began',
  'effect-without-cause': 'an effect whose cause does not exist, or came later',
  'doubled-effect': 'one cause with two effects',
  'lost-effect': 'a cause that is committed as consumed, and has no effect',
} as const

export type AnomalyKind = keyof typeof anomalies

export type Anomaly = {
  readonly kind: AnomalyKind
  readonly description: string
  readonly witnesses: Witnesses
}

export type Witnesses = Partial<TopicPartition> & {
  /** Indexes at which the operations began. */
  readonly operations: readonly number[]
  readonly offsets: readonly bigint[]
  readonly values: readonly string[]
}

export function anomaly(
  kind: AnomalyKind,
  description: string,
  witnesses: Partial<Witnesses>,
): Anomaly {
  return { kind, description, witnesses: { operations: [], offsets: [], values: [], ...witnesses } }
}
