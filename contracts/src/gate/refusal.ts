import type { Promises } from './contract-set.ts'

/** One reason why a change cannot be merged, for the author of the change. */
export type Refusal = {
  /** The topic and, if there is one, the file. */
  readonly where: string
  readonly what: string
  readonly why: string
  /** The readers that break. */
  readonly whom: string
  /** What to do instead. */
  readonly todo: string
}

/** The consumers that the entry names: they must be asked, and would stop. */
export function readersOf({ name, consumers = [] }: Pick<Promises, 'name' | 'consumers'>): string {
  if (consumers.length > 0) return `${consumers.join(', ')} (consumers of ${name})`
  return `topics.yaml names no consumer; anyone who re-reads ${name} or its table in the lake`
}
