import type { StackSettings } from '@tenseams/local/launcher/plan/part'
import type { Stack } from '@tenseams/local/launcher/supervise/stack'

/** The result of a proof. `undecided`: too little has happened for a verdict. */
export type Verdict = {
  readonly kind: 'holds' | 'refuted' | 'undecided'
  /** What was examined, and where it broke. */
  readonly lines: readonly string[]
}

/** A promise of the system, and a provocation under which it must hold. */
export type Claim = {
  readonly name: string
  readonly says: string
  /** Guards that can be switched off, and what that does. */
  readonly breaks: Readonly<Record<string, string>>
  /** Guards whose provocation can also be run with the guard on, by itself; `all` for one after another. */
  readonly provokes?: readonly string[]
  /** The files from which services start for a guard that is off, or whose provocation is run with the guard on. */
  readonly entryFiles?: (guard: string, isOn: boolean) => StackSettings['entryFiles']
  /** Settings of the instance on which it is proven. */
  readonly settings?: (numbers: Readonly<Record<string, number>>) => Partial<StackSettings>
  /** Options that are integers. */
  readonly numbers?: Readonly<Record<string, NumberOption>>
  /** The parts of the stack that it needs. */
  readonly only: readonly string[]
  readonly prove: (stack: Stack, proving: Proving) => Promise<Verdict>
}

export type NumberOption = {
  readonly default: number
  readonly least: number
  readonly most: number
  readonly what: string
}

/** How a claim is to be proven this time. */
export type Proving = {
  /** The guard that is switched off. */
  readonly broken: string | undefined
  /** The guard that is on while its provocation is run. */
  readonly provoked: string | undefined
  readonly numbers: Readonly<Record<string, number>>
  readonly say: (line: string) => void
}
