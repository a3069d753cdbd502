import type { TableIdentifier } from '@tenseams/iceberg/format/metadata'

/** Whose sink: the service `lakehouse`, or Iceberg's own in Kafka Connect. */
export type Side = 'ours' | 'connect'

export const sides: readonly Side[] = ['ours', 'connect']

/** A sink as the bench sees it: a process that fills a table from the topic, and can be held back. */
export type Sink = {
  readonly side: Side
  readonly pid: number
  readonly table: TableIdentifier
  /** It reads nothing more until it is resumed, and keeps what its compilers have learned. */
  pause(): Promise<void>
  resume(): Promise<void>
  close(): Promise<void>
}

/** A real contract: the topic that every order goes through. */
export const TOPIC = 'orders.order.v1'
export const PARTITIONS = 4
