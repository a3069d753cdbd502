import { causesOf } from '@tenseams/service/causes'

/** Whether the error, or one of its causes, is one of these errors of the protocol: kafkajs names it in `type`. */
export function hasErrorType(error: unknown, types: ReadonlySet<string>): boolean {
  return causesOf(error).some((cause) => 'type' in cause && types.has(String(cause.type)))
}
