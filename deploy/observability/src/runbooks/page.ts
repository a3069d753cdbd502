/** The sections of a page, in the order in which somebody who was called needs them. */
export const sections = [
  'Meaning',
  'Impact',
  'Is it real',
  'Diagnose',
  'Mitigate',
  'Verify',
  'Undo',
  'Escalate',
  'False positives',
  'Prevent',
] as const

export type SectionName = (typeof sections)[number]

/** `check` looks, `act` changes something, `verify` fails until the fault is gone. */
export const fenceKinds = ['check', 'act', 'verify'] as const

export type FenceKind = (typeof fenceKinds)[number]

/** Where commands of a kind may stand. */
export const sectionsOf: Readonly<Record<FenceKind, readonly SectionName[]>> = {
  check: ['Is it real', 'Diagnose', 'Mitigate'],
  act: ['Mitigate', 'Undo'],
  verify: ['Verify'],
}

export const severities = ['page', 'ticket', 'none'] as const

/** Commands of a page, between two lines of backquotes. */
export type Fence = {
  readonly name: string
  readonly kind: FenceKind
  /** It ends or removes something: it is run only after somebody has confirmed it. */
  readonly destroys: boolean
  /** After so many seconds it is ended. */
  readonly withinSeconds: number
  readonly command: string
  readonly section: SectionName
  /** Of its first line in the file. */
  readonly line: number
}

export type Section = {
  readonly name: SectionName
  /** As it is in the file, fences included. */
  readonly text: string
  readonly line: number
}

/** A runbook: one page for an alert, or for the burn rates of one objective. */
export type Page = {
  /** Its file's, without the ending. */
  readonly name: string
  readonly alerts: readonly string[]
  readonly severity: (typeof severities)[number]
  /** The drill that causes the fault; undefined where none can. */
  readonly drill: string | undefined
  /** Until it is mitigated. */
  readonly budgetMinutes: number
  /** Labels of the alert which the commands use as variables of upper case, each with an example. */
  readonly labels: Readonly<Record<string, string>>
  /** Between the title and the first section. */
  readonly introduction: string
  readonly sections: readonly Section[]
  readonly fences: readonly Fence[]
}

/** Something in a page that is not in order. */
export type Mistake = { readonly line: number; readonly says: string }

/** The variable in which the commands of a page find a label. */
export function variableOf(label: string): string {
  return label.toUpperCase()
}
