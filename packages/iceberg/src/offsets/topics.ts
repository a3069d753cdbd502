import { LakehouseError } from '../errors.ts'
import { parseJson } from '../format/json.ts'
import type { TableMetadata } from '../format/metadata.ts'

/** The property with the log that each topic's offsets belong to, as `{"orders.order.v1":{"epoch":0,"id":"…"}}`. */
export const topicsProperty = 'ten-seams.topics'

/** The property with the leader epoch under which the records below each offset were read, as `{"orders.order.v1-0":7}`. */
export const leaderEpochsProperty = 'ten-seams.leader-epochs'

/**
 * The log of a topic. Offsets mean something only within one log: a topic that is deleted and made again has the same name,
 * another id and other records at the same offsets.
 */
export type TopicLog = {
  /** Kafka's id of the topic (KIP-516); empty when the brokers had none. */
  readonly id: string
  /** 0, and one more each time that a person accepted a log that does not continue the one before. */
  readonly epoch: number
}

/** The logs by the topics' names. */
export type TopicLogs = Readonly<Record<string, TopicLog>>

/** For each `<topic>-<partition>`, the epoch of the leader that the table has last read from. */
export type LeaderEpochs = Readonly<Record<string, number>>

/** @throws LakehouseError FORMAT_UNSUPPORTED when the property is there and cannot be read. */
export function readTopics(properties: TableMetadata['properties']): TopicLogs {
  return readEach(properties, topicsProperty, (log) => {
    const { id, epoch } = (log ?? {}) as Partial<TopicLog>
    return typeof id === 'string' && typeof epoch === 'number' ? { id, epoch } : undefined
  })
}

/** @throws LakehouseError FORMAT_UNSUPPORTED when the property is there and cannot be read. */
export function readLeaderEpochs(properties: TableMetadata['properties']): LeaderEpochs {
  return readEach(properties, leaderEpochsProperty, (epoch) =>
    typeof epoch === 'number' ? epoch : undefined,
  )
}

/** The value of either property. Equal values give equal text. */
export function writeByName(values: TopicLogs | LeaderEpochs): string {
  const names = Object.keys(values).sort()
  return JSON.stringify(Object.fromEntries(names.map((name) => [name, values[name]])))
}

/** True when rows of the logs `read` may be added to a table with the logs `known`. A new topic may always be added. */
export function continues(known: TopicLogs, read: TopicLogs): boolean {
  return Object.entries(read).every(([topic, { id, epoch }]) => {
    const log = known[topic]
    return log === undefined || ((log.id === id || log.id === '') && log.epoch === epoch)
  })
}

function readEach<Value>(
  properties: TableMetadata['properties'],
  property: string,
  valueIn: (json: unknown) => Value | undefined,
): Readonly<Record<string, Value>> {
  const text = properties[property]
  if (text === undefined) return {}
  const json = jsonOf(text, property)
  if (typeof json !== 'object' || json === null) throw malformed(text, property)
  const entries = Object.entries(json).map(([name, one]) => {
    const value = valueIn(one)
    if (value === undefined) throw malformed(text, property)
    return [name, value] as const
  })
  return Object.fromEntries(entries)
}

function jsonOf(text: string, property: string): unknown {
  try {
    return parseJson(text)
  } catch (error) {
    throw malformed(text, property, error)
  }
}

function malformed(text: string, property: string, cause?: unknown): LakehouseError {
  const message = `${property} is malformed: ${text.slice(0, 200)}`
  return new LakehouseError('FORMAT_UNSUPPORTED', message, { cause })
}
