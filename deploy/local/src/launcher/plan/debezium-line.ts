/** The lines of Debezium that can run in Connect. The pom has a profile for each, with its exact version. */
export const debeziumLines = ['2.7', '3.6'] as const

export type DebeziumLine = (typeof debeziumLines)[number]

export const defaultDebezium: DebeziumLine = '3.6'

/** True for the name of a line. */
export function isDebeziumLine(name: string): name is DebeziumLine {
  return debeziumLines.some((line) => line === name)
}

/** A folder below jvm/lib. Each line has its own, so that Connect never sees both. */
export function debeziumFolder(line: DebeziumLine): string {
  return `connect/debezium-${line}`
}
