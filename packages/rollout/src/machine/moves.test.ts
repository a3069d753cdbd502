import { fold } from '@tenseams/decider/decider'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Gate, Round } from '../gate.ts'
import type { Plan } from '../plan.ts'
import { moves } from './moves.ts'
import { type RolloutDecider, rolloutDecider, wayBack } from './rollout.ts'
import type { RolloutCommand, RolloutState } from './states.ts'

const gate: Gate = {
  rules: [{ kind: 'limit', metric: 'errors', atMost: 0, onFailure: 'return' }],
  passesInARow: 2,
  failuresInARow: 2,
  inconclusiveInARow: 2,
  everyMs: 1_000,
}
const plan: Plan = [
  { phase: 'baseline', gate },
  { phase: 'shadow', percent: 100, gate },
  { phase: 'cutover-reads', percent: 1, gate },
  { phase: 'cutover-reads', percent: 100, gate },
  { phase: 'cutover-writes', gate, needsApproval: true },
]
const decider = rolloutDecider(plan)
/** The same with a person's word in the middle, and none at the end. */
const other = rolloutDecider(
  plan.map(({ needsApproval, ...step }, index) =>
    index === 1 ? { ...step, needsApproval: true } : step,
  ),
)

function round(verdict: Round['verdict'], onFailure: 'return' | 'pause' = 'return'): Round {
  return { verdict, rules: [{ metric: 'errors', verdict, why: '', onFailure, isMissing: false }] }
}

const meta = { by: 'somebody', atMs: 1 }
const evidence = {}

/** What a controller or a person does about the step that is under way, most often what leads on. */
const doing = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom('finish-entry', 'observe pass', 'observe pass') },
  { weight: 2, arbitrary: fc.constantFrom('start', 'promote', 'finish-return', 'observe fail') },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      ...['pause', 'rollback', 'abort', 'kill', 'fail-entry', 'fail-entry for good'],
      ...['fail-return', 'fail-return otherwise', 'observe pause', 'observe nothing'],
    ),
  },
)

const rounds: Readonly<Record<string, Round>> = {
  'observe pass': round('pass'),
  'observe fail': round('fail'),
  'observe pause': round('fail', 'pause'),
  'observe nothing': round('inconclusive'),
}

function commandOf(what: string, step: number): RolloutCommand {
  const seen = rounds[what]
  if (seen !== undefined) return { kind: 'observe', step, round: seen, ...meta }
  const reason = 'a reason'
  switch (what) {
    case 'start':
    case 'promote':
    case 'kill':
      return { kind: what, ...meta }
    case 'pause':
    case 'rollback':
    case 'abort':
      return { kind: what, reason, ...meta }
    case 'finish-entry':
    case 'finish-return':
      return { kind: what, step, evidence, ...meta }
    case 'fail-entry':
    case 'fail-entry for good':
      return {
        kind: 'fail-entry',
        step,
        evidence,
        error: what,
        isFinal: what !== 'fail-entry',
        ...meta,
      }
    default:
      return { kind: 'fail-return', step, error: what, ...meta }
  }
}

function stepOf(state: RolloutState): number {
  return 'step' in state ? state.step : 0
}

test('what is decided is what the table says, and every move of the table happens', () => {
  const seen = new Set<string>()
  fc.assert(
    fc.property(fc.array(doing, { maxLength: 60, size: 'max' }), fc.boolean(), (all, isOther) => {
      const by = isOther ? other : decider
      let state = by.initialState
      for (const each of all) {
        const command = commandOf(each, stepOf(state))
        const next = decisionOf(by, state, command)
        seen.add(`${state.status} ${command.kind} ${next.move}`)
        state = next.state
      }
    }),
    { numRuns: 2_000, seed: 27 },
  )
  expect(tableOf().filter((move) => !seen.has(move))).toEqual([])
})

function decisionOf(by: RolloutDecider, state: RolloutState, each: RolloutCommand) {
  const cell: string | readonly string[] = moves[state.status][each.kind]
  const decision = by.decide(each, state)
  if (typeof cell === 'string') {
    expect(decision).toEqual({ kind: 'refused', refusal: cell })
    return { state, move: 'refused' }
  }
  if (decision.kind === 'refused') {
    // The gate has not passed.
    expect(each.kind).toBe('promote')
    return { state, move: 'gate' }
  }
  const after = decision.events.reduce(by.evolve, state)
  const move = decision.events.length === 0 ? 'stay' : after.status
  expect(cell).toContain(move)
  return { state: after, move }
}

function tableOf(): readonly string[] {
  return Object.entries(moves).flatMap(([status, row]) =>
    Object.entries(row).flatMap(([kind, cell]: [string, string | readonly string[]]) =>
      typeof cell === 'string'
        ? [`${status} ${kind} refused`]
        : cell.map((to) => `${status} ${kind} ${to}`),
    ),
  )
}

test('what is about a step that is no longer under way changes nothing', () => {
  fc.assert(
    fc.property(fc.array(doing, { maxLength: 40 }), doing, (all, last) => {
      const state = ['start', ...all].reduce((before: RolloutState, each) => {
        const decision = decider.decide(commandOf(each, stepOf(before)), before)
        return decision.kind === 'refused' ? before : decision.events.reduce(decider.evolve, before)
      }, decider.initialState)
      const command = commandOf(last, stepOf(state) + 1)
      if ('step' in command) expect(decider.decide(command, state).kind).toBe('refused')
    }),
  )
})

test('a rollback leads before the phase, and from the cutover of writes before that of reads', () => {
  expect([...plan.keys()].map((step) => wayBack(plan, step))).toEqual([-1, 0, 1, 1, 1])
})

test('nobody is above the gate', () => {
  const state = fold(decider, [
    { type: 'Started', ...meta },
    { type: 'EntryBegun', step: 0, ...meta },
    { type: 'EntryFinished', step: 0, evidence: {}, ...meta },
    { type: 'GateObserved', step: 0, round: round('pass'), ...meta },
  ])
  expect(decider.decide({ kind: 'promote', ...meta }, state)).toEqual({
    kind: 'refused',
    refusal: 'its gate has passed 1 times in a row and needs 2',
  })
})
