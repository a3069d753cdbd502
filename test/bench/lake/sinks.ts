import type { TableIdentifier } from '@tenseams/iceberg/format/metadata'

/** Which sink: our lakehouse service, or Iceberg's own in Kafka Connect. */
export type Side = 'ours' | 'connect'

export const sides: readonly Side[] = ['ours', 'connect']

/** A sink: a process that fills a table from the topic and can be paused. */
export type Sink = {
  readonly side: Side
  readonly pid: number
  readonly table: TableIdentifier
  /** It reads nothing until it is resumed; its process, and with it compiled code, stays. */
  pause(): Promise<void>
  resume(): Promise<void>
  close(): Promise<void>
}

/** A real contract: the topic of all orders. */
export const TOPIC = 'orders.order.v1'
export const PARTITIONS = 4
