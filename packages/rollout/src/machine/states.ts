import type { Baseline, Round } from '../gate.ts'

/** How many rounds in a row had each verdict, as far as the gate counts them. */
export type Counts = {
  readonly passes: number
  readonly failures: number
  readonly inconclusive: number
}

type Active = { readonly step: number; readonly baseline: Baseline }

type Watched = {
  readonly sinceMs: number
  /** When the gate was asked last, or the watching began. */
  readonly lastRoundMs: number
  readonly counts: Counts
}

/** Where a rollout stands. `step` is an index of its plan. */
export type RolloutState =
  /** Nothing of it runs. */
  | { readonly status: 'planned' }
  /** Decided and written; its acts are under way, or have to be repeated after a kill. */
  | (Active & {
      readonly status: 'entering'
      readonly failures: number
      readonly lastError?: string
    })
  /** The step's acts are done, and its gate is asked every now and then. */
  | (Active & Watched & { readonly status: 'watching' })
  /** As watching, but nothing promotes it. What is bad still undoes it. */
  | (Active & Watched & { readonly status: 'paused'; readonly reason: string })
  /** On its way back, one step after another, until `to`; -1 is the state before the plan. */
  | (Active & {
      readonly status: 'returning'
      readonly to: number
      readonly reason: string
      readonly lastError?: string
    })
  /** Given up; nothing of it runs. */
  | { readonly status: 'aborted'; readonly reason: string }
  /** All steps are done. There is a way back as long as what the last ones removed can be restored. */
  | (Active & { readonly status: 'completed' })

export type Status = RolloutState['status']

/** What acts have measured or compared, for the report: JSON without personal data. */
export type Evidence = Readonly<Record<string, unknown>>

/** Who did it: a person's identity, or the controller. */
type Meta = { readonly by: string; readonly atMs: number }

export type RolloutCommand = Meta &
  (
    | { readonly kind: 'start' }
    | { readonly kind: 'promote' }
    | { readonly kind: 'pause'; readonly reason: string }
    | { readonly kind: 'rollback'; readonly reason: string }
    | { readonly kind: 'abort'; readonly reason: string }
    /** The kill switch is on. */
    | { readonly kind: 'kill' }
    /** All acts of the step that is being entered are done. */
    | { readonly kind: 'finish-entry'; readonly step: number; readonly evidence: Evidence }
    | {
        readonly kind: 'fail-entry'
        readonly step: number
        readonly error: string
        readonly evidence: Evidence
        readonly isFinal: boolean
      }
    | { readonly kind: 'observe'; readonly step: number; readonly round: Round }
    /** All acts that undo the step are done. */
    | { readonly kind: 'finish-return'; readonly step: number; readonly evidence: Evidence }
    | { readonly kind: 'fail-return'; readonly step: number; readonly error: string }
  )

export type RolloutEvent = Meta &
  (
    | { readonly type: 'Started' }
    | { readonly type: 'EntryBegun'; readonly step: number }
    | {
        readonly type: 'EntryFailed'
        readonly step: number
        readonly error: string
        readonly evidence: Evidence
      }
    | { readonly type: 'EntryFinished'; readonly step: number; readonly evidence: Evidence }
    | { readonly type: 'GateObserved'; readonly step: number; readonly round: Round }
    | { readonly type: 'Paused'; readonly step: number; readonly reason: string }
    | { readonly type: 'Resumed'; readonly step: number }
    | {
        readonly type: 'ReturnBegun'
        readonly step: number
        readonly to: number
        readonly reason: string
      }
    | { readonly type: 'ReturnFailed'; readonly step: number; readonly error: string }
    | { readonly type: 'StepUndone'; readonly step: number; readonly evidence: Evidence }
    | { readonly type: 'Completed'; readonly step: number }
  )
