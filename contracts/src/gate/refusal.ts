import type { Promises } from './contract-set.ts'

/** One reason why a change cannot be merged, for a person who has just made it. */
export type Refusal = {
  /** The topic, and the file where there is one. */
  readonly where: string
  readonly what: string
  readonly why: string
  /** Who suffers. */
  readonly whom: string
  /** What to do instead. */
  readonly todo: string
}

/** The consumers that the entry names: those that must be asked, and those that would stop. */
export function readersOf({ name, consumers = [] }: Pick<Promises, 'name' | 'consumers'>): string {
  if (consumers.length > 0) return `${consumers.join(', ')} (consumers of ${name})`
  return `no consumer is named in topics.yaml; whoever re-reads ${name} and its table in the lake`
}
