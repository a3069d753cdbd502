import type { Field, Telemetry } from './declaration.ts'

/**
 * The differences between a line that a service has logged and the fields that are declared, a sentence each. What the compiler cannot see
 * shows here: fields that a library writes, and types of what came from outside.
 */
export function logLineDifferences(
  { logFields, services }: Pick<Telemetry, 'logFields' | 'services'>,
  line: string,
): readonly string[] {
  const fields = fieldsIn(line)
  if (fields === undefined) return [`is no JSON: ${line.slice(0, 200)}`]
  const declared = new Map(logFields.map((field) => [field.name, field]))
  const missing = ['level', 'time', 'service', 'msg'].filter((name) => !(name in fields))
  return [
    ...missing.map((name) => `has no ${name}`),
    ...Object.entries(fields).flatMap(([name, value]) => differencesOf(declared, name, value)),
    ...(services.includes(String(fields['service'])) ? [] : ['is of no service that is declared']),
  ]
}

function differencesOf(
  declared: ReadonlyMap<string, Field>,
  name: string,
  value: unknown,
): readonly string[] {
  const field = declared.get(name)
  if (field === undefined) return [`has the field ${name}, which is not declared`]
  if (holds[field.type](value)) return []
  return [`has ${name}=${JSON.stringify(value)}, which is no ${field.type}`]
}

const holds: Readonly<Record<Field['type'], (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  int: (value) => Number.isSafeInteger(value),
  double: (value) => typeof value === 'number',
  boolean: (value) => typeof value === 'boolean',
  object: () => true,
}

function fieldsIn(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const fields: unknown = JSON.parse(line)
    const isObject = typeof fields === 'object' && fields !== null && !Array.isArray(fields)
    return isObject ? (fields as Readonly<Record<string, unknown>>) : undefined
  } catch {
    return undefined
  }
}
