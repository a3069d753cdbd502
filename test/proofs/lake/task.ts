import type { AppendStep } from '@tenseams/iceberg/write/append'

/** The steps of an append at which a sink may be killed. */
export type SinkStep = AppendStep

const everyStep: Readonly<Record<SinkStep, true>> = {
  'before-parquet': true,
  'parquet-written': true,
  'manifest-written': true,
  'log-written': true,
  'before-commit': true,
  'commit-sent': true,
  'after-commit': true,
}

export const sinkSteps = Object.keys(everyStep) as readonly SinkStep[]

/** The task of a sink. */
export type SinkTask = {
  readonly brokers: string
  readonly registryUrl: string
  readonly catalogUrl: string
  readonly groupId: string
  readonly logFile: string
  readonly flushIntervalMs: number
  /** The guard that is switched off. */
  readonly broken?: string
}

/** What a sink does at a step: it kills itself, or stops until it gets SIGCONT. */
export type Arming = { readonly step: SinkStep; readonly by: 'kill' | 'stop' }

/** Messages of a sink. `ready`: it has joined its group and its table is open. */
export type SinkNews =
  | { readonly news: 'ready' }
  | { readonly news: 'committed' }
  | { readonly news: 'reached'; readonly step: SinkStep }

/** The task of a writer. It begins at once, at its rate. */
export type WriterTask = {
  readonly brokers: string
  readonly registryUrl: string
  readonly seed: number
  readonly recordsPerSecond: number
  readonly journalFile: string
}

/** A message to a writer: write as fast as possible up to so many records, then end. */
export type Finish = { readonly records: number }

/** A transaction as its writer knows it: the offsets from the broker, and the outcome. */
export type WrittenTransaction = {
  readonly first: number
  readonly count: number
  readonly outcome: 'committed' | 'aborted' | 'unknown'
  /** The offset of the first of its records, by partition; the others follow it. */
  readonly offsets: Readonly<Record<string, string>>
}
