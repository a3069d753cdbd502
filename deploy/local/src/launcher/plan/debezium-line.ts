/** The lines of Debezium that Connect can be started with. The pom has a profile for each, and their exact versions. */
export const debeziumLines = ['2.7', '3.6'] as const

export type DebeziumLine = (typeof debeziumLines)[number]

export const defaultDebezium: DebeziumLine = '3.6'

/** True for the name of a line. */
export function isDebeziumLine(name: string): name is DebeziumLine {
  return debeziumLines.some((line) => line === name)
}

/** Below jvm/lib; one line in a folder of its own, so that Connect never sees both. */
export function debeziumFolder(line: DebeziumLine): string {
  return `connect/debezium-${line}`
}
