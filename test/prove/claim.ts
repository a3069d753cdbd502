import type { Stack } from '@tenseams/local/stack'

/** What came of a proof. `undecided`: too little has happened for a verdict. */
export type Verdict = {
  readonly kind: 'holds' | 'refuted' | 'undecided'
  /** What was looked at, and where it broke. */
  readonly lines: readonly string[]
}

/** Something that is said of the system, and a provocation under which it must hold. */
export type Claim = {
  readonly name: string
  readonly says: string
  /** Guards that can be switched off, and what that does. */
  readonly breaks: Readonly<Record<string, string>>
  /** Parts of the stack that it needs. */
  readonly only: readonly string[]
  readonly prove: (
    stack: Stack,
    broken: string | undefined,
    say: (line: string) => void,
  ) => Promise<Verdict>
}
