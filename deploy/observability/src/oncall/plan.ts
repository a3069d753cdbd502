/** One thing that will be done. */
export type Step = {
  /** What, for people, in the imperative. */
  readonly says: string
  /** Does it, and returns what else is to be said. Idempotent: after a crash the whole command is repeated. */
  readonly act: () => Promise<string | undefined>
}

/** What a command found, and what it is going to do about it. Made by looking only. */
export type Plan = {
  readonly found: readonly string[]
  /** None when everything is already as asked. */
  readonly steps: readonly Step[]
  /** Why it must not be done; the steps are not carried out then. */
  readonly refused?: string | undefined
}

/** What is asked of a command that changes something. */
export type Request = {
  /** Such as `captures freeze`. */
  readonly command: string
  /** What it changes, such as a transactional id. */
  readonly target: string
  /** Why, for the audit log. */
  readonly reason: string
}
