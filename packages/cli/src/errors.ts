/** What the launcher keeps of an instance cannot be read. */
export class InstanceError extends Error {
  readonly code = 'INSTANCE_UNREADABLE'
  readonly retriable = false
}
