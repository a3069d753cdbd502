import { accept, type Decider, type Decision, refuse } from '@tenseams/decider/decider'
import type { Baseline, Gate, Round } from '../gate.ts'
import type { Plan, Step } from '../plan.ts'
import { refusalOf } from './moves.ts'
import type { Counts, RolloutCommand, RolloutEvent, RolloutState } from './states.ts'

export type RolloutDecider = Decider<RolloutCommand, RolloutEvent, RolloutState, string>

/** How often the acts of one step are tried before it is undone. */
const ENTRY_ATTEMPTS = 3

const none: Counts = { passes: 0, failures: 0, inconclusive: 0 }

/** The decisions of a rollout (states and moves: moves.ts). Its refusals are texts for people, with the next step. */
export function rolloutDecider(plan: Plan): RolloutDecider {
  return {
    initialState: { status: 'planned' },
    evolve,
    decide: (command, state) => {
      const refusal = refusalOf(state.status, command.kind)
      if (refusal !== undefined) return refuse(refusal)
      return decide(plan, command, state)
    },
  }
}

type Of<Name extends RolloutState['status']> = Extract<RolloutState, { status: Name }>
type Outcome = Decision<RolloutEvent, string>

function decide(plan: Plan, command: RolloutCommand, state: RolloutState): Outcome {
  switch (command.kind) {
    case 'start':
      return begin(command, state)
    case 'promote':
      return state.status === 'watching' ? promote(plan, command, state) : accept()
    case 'pause':
    case 'kill':
      return stop(plan, command, state)
    case 'rollback':
    case 'abort':
      return back(plan, command, state)
    case 'finish-entry':
    case 'fail-entry':
    case 'finish-return':
    case 'fail-return':
      return record(plan, command, state)
    case 'observe':
      return observe(plan, command, state)
  }
}

function begin({ by, atMs }: RolloutCommand, state: RolloutState): Outcome {
  if (state.status === 'paused') return accept({ type: 'Resumed', step: state.step, by, atMs })
  if (state.status !== 'planned' && state.status !== 'aborted') return accept()
  return accept({ type: 'Started', by, atMs }, { type: 'EntryBegun', step: 0, by, atMs })
}

/** By a person. Nobody is above the gate: without its passes it is refused for everybody. */
function promote(plan: Plan, { by, atMs }: RolloutCommand, state: Of<'watching'>): Outcome {
  const { gate } = stepAt(plan, state.step)
  const missing = gate.passesInARow - state.counts.passes
  if (missing > 0) {
    return refuse(
      `its gate has passed ${state.counts.passes} times in a row and needs ${gate.passesInARow}`,
    )
  }
  return accept(onwards(plan, state.step, by, atMs))
}

function onwards(plan: Plan, step: number, by: string, atMs: number): RolloutEvent {
  return step + 1 < plan.length
    ? { type: 'EntryBegun', step: step + 1, by, atMs }
    : { type: 'Completed', step, by, atMs }
}

function stop(plan: Plan, command: RolloutCommand, state: RolloutState): Outcome {
  const { by, atMs } = command
  const reason = command.kind === 'pause' ? command.reason : 'kill switch'
  if (state.status === 'watching')
    return accept({ type: 'Paused', step: state.step, reason, by, atMs })
  if (state.status !== 'entering') return accept()
  return accept(undo(plan, state.step, reason, { by, atMs }))
}

function back(plan: Plan, command: RolloutCommand, state: RolloutState): Outcome {
  if (!('step' in state)) return accept()
  const { by, atMs } = command
  const reason = 'reason' in command ? command.reason : ''
  if (command.kind === 'rollback') {
    return state.status === 'returning'
      ? accept()
      : accept(undo(plan, state.step, reason, { by, atMs }))
  }
  if (state.status === 'returning' && state.to === -1) return accept()
  return accept({ type: 'ReturnBegun', step: state.step, to: -1, reason, by, atMs })
}

type Report = Extract<RolloutCommand, { step: number; kind: `${string}-${'entry' | 'return'}` }>

function record(plan: Plan, command: Report, state: RolloutState): Outcome {
  if (!('step' in state) || state.step !== command.step)
    return refuse('this is about a step that is no longer under way')
  const { step, by, atMs } = command
  switch (command.kind) {
    case 'finish-entry':
      return accept({ type: 'EntryFinished', step, evidence: command.evidence, by, atMs })
    case 'finish-return':
      return accept({ type: 'StepUndone', step, evidence: command.evidence, by, atMs })
    case 'fail-return': {
      const { error } = command
      const isKnown = state.status === 'returning' && state.lastError === error
      return isKnown ? accept() : accept({ type: 'ReturnFailed', step, error, by, atMs })
    }
    case 'fail-entry': {
      const { error, evidence, isFinal } = command
      const failed: RolloutEvent = { type: 'EntryFailed', step, error, evidence, by, atMs }
      const failures = state.status === 'entering' ? state.failures + 1 : 0
      if (!isFinal && failures < ENTRY_ATTEMPTS) return accept(failed)
      return accept(failed, undo(plan, step, `entering failed: ${error}`, { by, atMs }))
    }
  }
}

type Observation = Extract<RolloutCommand, { kind: 'observe' }>

function observe(plan: Plan, command: Observation, state: RolloutState): Outcome {
  if (state.status !== 'watching' && state.status !== 'paused') return accept()
  if (state.step !== command.step) return refuse('this is about a step that is no longer under way')
  const { step, round, by, atMs } = command
  const { gate, needsApproval = false } = stepAt(plan, step)
  const observed: RolloutEvent = { type: 'GateObserved', step, round, by, atMs }
  const counts = count(state.counts, round)
  const failing = failureOf(gate, round, counts)
  if (failing?.onFailure === 'return') {
    return accept(observed, undo(plan, step, failing.reason, { by, atMs }))
  }
  if (state.status === 'paused') return accept(observed)
  const pausing = failing?.reason ?? tooLongWithout(gate, counts)
  if (pausing !== undefined) {
    const paused: RolloutEvent = { type: 'Paused', step, reason: pausing, by, atMs }
    return accept<RolloutEvent>(observed, paused)
  }
  if (needsApproval || counts.passes < gate.passesInARow) return accept(observed)
  return accept(observed, onwards(plan, step, by, atMs))
}

function count({ passes, failures, inconclusive }: Counts, { verdict }: Round): Counts {
  switch (verdict) {
    case 'pass':
      return { ...none, passes: passes + 1 }
    case 'fail':
      return { ...none, failures: failures + 1 }
    case 'inconclusive':
      return { ...none, inconclusive: inconclusive + 1 }
  }
}

function failureOf(gate: Gate, round: Round, { failures }: Counts) {
  const failed = round.rules.filter(({ verdict }) => verdict === 'fail')
  const reason = failed.map(({ metric, why }) => `${metric}: ${why}`).join('; ')
  const onFailure = new Set(failed.map((rule) => rule.onFailure))
  if (onFailure.has('return-at-once')) return { onFailure: 'return' as const, reason }
  if (failures < gate.failuresInARow) return undefined
  if (onFailure.has('return')) return { onFailure: 'return' as const, reason }
  return onFailure.has('pause') ? { onFailure: 'pause' as const, reason } : undefined
}

function tooLongWithout(gate: Gate, { inconclusive }: Counts): string | undefined {
  if (inconclusive < gate.inconclusiveInARow) return undefined
  return `no verdict in ${inconclusive} rounds in a row`
}

function undo(
  plan: Plan,
  step: number,
  reason: string,
  meta: { readonly by: string; readonly atMs: number },
): RolloutEvent {
  return { type: 'ReturnBegun', step, to: wayBack(plan, step), reason, ...meta }
}

/**
 * To which step a rollback leads: the last one before the phase. What is found after the cutover of writes puts the new side in
 * doubt, so its reads are taken back as well; and what was removed is of no use without the rights to it.
 */
export function wayBack(plan: Plan, step: number): number {
  const { phase } = stepAt(plan, step)
  const together = groups.find((group) => group.some((each) => each === phase)) ?? [phase]
  return plan.findIndex((each) => together.some((name) => name === each.phase)) - 1
}

const groups = [
  ['cutover-reads', 'cutover-writes'],
  ['retire-rights', 'retire-data'],
] as const

function stepAt(plan: Plan, step: number): Step {
  const found = plan[step]
  if (found === undefined) throw new RangeError(`the plan has no step ${step}`)
  return found
}

function evolve(state: RolloutState, event: RolloutEvent): RolloutState {
  const baseline = 'baseline' in state ? state.baseline : {}
  const { atMs } = event
  switch (event.type) {
    case 'Started':
      return { status: 'planned' }
    case 'EntryBegun':
      return { status: 'entering', step: event.step, baseline, failures: 0 }
    case 'EntryFailed':
      if (state.status !== 'entering') return state
      return { ...state, failures: state.failures + 1, lastError: event.error }
    case 'EntryFinished':
    case 'Resumed':
      return { status: 'watching', step: event.step, baseline, ...watchedFrom(atMs) }
    case 'GateObserved':
      if (state.status !== 'watching' && state.status !== 'paused') return state
      return {
        ...state,
        lastRoundMs: atMs,
        counts: count(state.counts, event.round),
        baseline: event.step === 0 ? valuesOf(event.round, baseline) : baseline,
      }
    case 'Paused':
      return { ...stopped(event), baseline, ...watchedFrom(atMs) }
    case 'ReturnBegun': {
      const { step, to, reason } = event
      return { status: 'returning', step, to, reason, baseline }
    }
    case 'ReturnFailed':
      return state.status === 'returning' ? { ...state, lastError: event.error } : state
    case 'StepUndone':
      return state.status === 'returning' ? afterUndoing(state, atMs) : state
    case 'Completed':
      return { status: 'completed', step: event.step, baseline }
  }
}

function afterUndoing({ step, to, reason, baseline }: Of<'returning'>, atMs: number): RolloutState {
  const next = step - 1
  if (next > to) return { status: 'returning', step: next, to, reason, baseline }
  if (to < 0) return { status: 'aborted', reason }
  return { ...stopped({ step: to, reason }), baseline, ...watchedFrom(atMs) }
}

function stopped({ step, reason }: { readonly step: number; readonly reason: string }) {
  return { status: 'paused', step, reason } as const
}

function watchedFrom(atMs: number) {
  return { sinceMs: atMs, lastRoundMs: atMs, counts: none }
}

/** The last round of the baseline that passed is what later steps are measured against. */
function valuesOf({ verdict, rules }: Round, before: Baseline): Baseline {
  if (verdict !== 'pass') return before
  const values = rules.flatMap(({ metric, value }) =>
    value === undefined ? [] : [[metric, value]],
  )
  return Object.fromEntries(values)
}
