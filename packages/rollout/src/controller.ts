import { backoffMs } from '@tenseams/service/backoff'
import { messageOf } from '@tenseams/service/causes'
import { withTimeout } from '@tenseams/service/timeout'
import { type Act, actsOfEntering, actsOfUndoing, type World } from './acts.ts'
import type { Probe } from './change.ts'
import { faultsOf } from './faults.ts'
import type { KillSwitch } from './flags/kill-switch.ts'
import type { Gate } from './gate.ts'
import { type JudgeRound, judgeRound } from './judge.ts'
import { LogConflictError, type RolloutLog } from './log.ts'
import { type RolloutDecider, rolloutDecider } from './machine/rollout.ts'
import type { Evidence, RolloutCommand, RolloutEvent, RolloutState } from './machine/states.ts'
import type { Reading } from './reading.ts'

export type ControllerOptions = World & {
  readonly log: RolloutLog
  readonly killSwitch: KillSwitch
  /** Time of day: it is compared with what an earlier process has written. */
  readonly nowMs: () => number
  /** Of one act; of all probes of a round. */
  readonly actTimeoutMs: number
  readonly probeTimeoutMs: number
  /** What failed and is tried again, or counts as a missing metric. */
  readonly onError: (what: string, error: unknown) => void
  readonly judge?: JudgeRound
}

/** What the log says: the state, its version, and the version at which the transition under way was written. */
export type Standing = {
  readonly state: RolloutState
  readonly version: number
  readonly term: number
}

/** What a command comes to, or would come to. */
export type Answer =
  | {
      readonly kind: 'accepted'
      readonly events: readonly RolloutEvent[]
      readonly state: RolloutState
    }
  | { readonly kind: 'refused'; readonly why: string }

type CommandOf<Kind extends RolloutCommand['kind']> = Extract<RolloutCommand, { kind: Kind }>
export type PersonsCommand = CommandOf<'start' | 'promote' | 'pause' | 'rollback' | 'abort'>

const controller = 'controller'
/** Of a person's command against a controller that writes at the same time. */
const CONFLICT_RETRIES = 5
const actPause = { firstMs: 500, longestMs: 30_000 }

/**
 * Runs one change by its log. Nothing is known but by the log, so a new one goes on where another was killed: what was decided and
 * not reported is done again. Two at the same time do no harm: the log takes one of them, flags and authority refuse the older term.
 */
export class Controller {
  readonly #options: ControllerOptions
  readonly #decider: RolloutDecider
  #standing: Standing = { state: { status: 'planned' }, version: 0, term: 0 }
  #failedActs = 0
  #notBeforeMs = 0

  /** @throws Error that lists every fault of the change. */
  constructor(options: ControllerOptions) {
    const faults = faultsOf(options.change)
    if (faults.length > 0) {
      throw new Error(`${options.change.name} cannot be rolled out: ${faults.join('; ')}`)
    }
    this.#options = options
    this.#decider = rolloutDecider(options.change.plan)
  }

  /** Reads what the log says now. */
  async standing(): Promise<Standing> {
    const events = await this.#options.log.read(this.#options.change.name, this.#standing.version)
    for (const event of events) this.#standing = this.#after(this.#standing, event)
    return this.#standing
  }

  /** What a person's command would do. */
  async preview(command: PersonsCommand): Promise<Answer> {
    const { state } = await this.standing()
    return this.#answer(command, state)
  }

  /** @throws LogConflictError when others write all the time. */
  async command(command: PersonsCommand): Promise<Answer> {
    for (let attempt = 1; ; attempt += 1) {
      const { state, version } = await this.standing()
      const answer = this.#answer(command, state)
      if (answer.kind === 'refused' || answer.events.length === 0) return answer
      try {
        await this.#options.log.append(this.#options.change.name, version, answer.events)
        await this.standing()
        return answer
      } catch (error) {
        if (!(error instanceof LogConflictError) || attempt === CONFLICT_RETRIES) throw error
      }
    }
  }

  /**
   * The next thing that is due, and only that: a step's acts, a round of its gate. `waiting`: nothing is due now.
   *
   * @throws when the log cannot be read or written; nothing is lost, and the next call goes on.
   */
  async advance(signal: AbortSignal): Promise<'acted' | 'waiting'> {
    const { change, killSwitch, nowMs } = this.#options
    const before = await this.standing()
    if (killSwitch.isOn(change.name)) await this.#report({ kind: 'kill' }, before)
    const standing = this.#standing
    switch (standing.state.status) {
      case 'entering':
      case 'returning':
        if (nowMs() < this.#notBeforeMs) return 'waiting'
        return this.#act(standing, standing.state, signal)
      case 'watching':
      case 'paused':
        return this.#observe(standing, standing.state, signal)
      case 'planned':
      case 'aborted':
      case 'completed':
        return 'waiting'
    }
  }

  #answer(command: PersonsCommand, state: RolloutState): Answer {
    const { change, killSwitch } = this.#options
    const goesOn = command.kind === 'start' || command.kind === 'promote'
    if (goesOn && killSwitch.isOn(change.name)) {
      const why = `the kill switch is on: \`npm run rollout -- kill ${change.name} --release\` ends it`
      return { kind: 'refused', why }
    }
    const decision = this.#decider.decide(command, state)
    if (decision.kind === 'refused') return { kind: 'refused', why: decision.refusal }
    const after = decision.events.reduce(this.#decider.evolve, state)
    return { kind: 'accepted', events: decision.events, state: after }
  }

  async #act(
    { term }: Standing,
    state: Extract<RolloutState, { status: 'entering' | 'returning' }>,
    signal: AbortSignal,
  ): Promise<'acted'> {
    const { step } = state
    const isEntering = state.status === 'entering'
    const acts = isEntering
      ? actsOfEntering(this.#options, step)
      : actsOfUndoing(this.#options, step)
    const done = await this.#run(acts, term, signal)
    if (signal.aborted) return 'acted'
    if (done.kind === 'done') {
      this.#failedActs = 0
      const { evidence } = done
      await this.#report({ kind: isEntering ? 'finish-entry' : 'finish-return', step, evidence })
      return 'acted'
    }
    this.#failedActs += 1
    this.#notBeforeMs = this.#options.nowMs() + backoffMs(this.#failedActs, actPause)
    const { error, evidence, isFinal } = done
    await this.#report(
      isEntering
        ? { kind: 'fail-entry', step, error, evidence, isFinal }
        : { kind: 'fail-return', step, error },
    )
    return 'acted'
  }

  async #run(acts: readonly Act[], term: number, signal: AbortSignal): Promise<Done> {
    const { actTimeoutMs, onError } = this.#options
    let evidence: Evidence = {}
    for (const { name, run } of acts) {
      const bounded = AbortSignal.any([signal, AbortSignal.timeout(actTimeoutMs)])
      try {
        const found = await withTimeout(run({ signal: bounded, term }), actTimeoutMs)
        evidence = { ...evidence, ...(found && { [name]: found }) }
      } catch (error) {
        onError(name, error)
        return failedBy(name, error, evidence)
      }
    }
    return { kind: 'done', evidence }
  }

  async #observe(
    standing: Standing,
    state: Extract<RolloutState, { status: 'watching' | 'paused' }>,
    signal: AbortSignal,
  ): Promise<'acted' | 'waiting'> {
    const { change, nowMs, judge = judgeRound } = this.#options
    const { step, sinceMs, lastRoundMs, baseline } = state
    const gate = change.plan[step]?.gate
    if (gate === undefined || nowMs() < lastRoundMs + gate.everyMs) return 'waiting'
    const readings = await this.#probe(gate, sinceMs, signal)
    if (signal.aborted) return 'waiting'
    await this.#report({ kind: 'observe', step, round: judge(gate, readings, baseline) }, standing)
    return 'acted'
  }

  async #probe(gate: Gate, sinceMs: number, signal: AbortSignal) {
    const { change, nowMs, probeTimeoutMs, onError } = this.#options
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(probeTimeoutMs)])
    const at = { sinceMs, nowMs: nowMs(), signal: bounded }
    const read = async (metric: string, probe: Probe | undefined): Promise<Reading | undefined> => {
      try {
        return await (probe && withTimeout(probe(at), probeTimeoutMs))
      } catch (error) {
        onError(`metric ${metric}`, error)
        return undefined
      }
    }
    const metrics = [...new Set(gate.rules.map(({ metric }) => metric))]
    return new Map(
      await Promise.all(
        metrics.map(async (each) => [each, await read(each, change.probes[each])] as const),
      ),
    )
  }

  /** Writes what the controller has seen or done; when others have written meanwhile, it is void. */
  async #report(report: WithoutMeta<RolloutCommand>, { state, version } = this.#standing) {
    const { change, log, nowMs, onError } = this.#options
    const command = { ...report, by: controller, atMs: nowMs() }
    const decision = this.#decider.decide(command, state)
    if (decision.kind === 'refused' || decision.events.length === 0) return
    try {
      await log.append(change.name, version, decision.events)
    } catch (error) {
      if (!(error instanceof LogConflictError)) throw error
      onError(report.kind, error)
    }
    await this.standing()
  }

  #after({ state, version, term }: Standing, event: RolloutEvent): Standing {
    const isTransition = ['EntryBegun', 'ReturnBegun', 'StepUndone'].includes(event.type)
    return {
      state: this.#decider.evolve(state, event),
      version: version + 1,
      term: isTransition ? version + 1 : term,
    }
  }
}

type WithoutMeta<Command> = Command extends RolloutCommand ? Omit<Command, 'by' | 'atMs'> : never

type Done =
  | { readonly kind: 'done'; readonly evidence: Evidence }
  | {
      readonly kind: 'failed'
      readonly error: string
      readonly evidence: Evidence
      readonly isFinal: boolean
    }

function failedBy(name: string, error: unknown, evidence: Evidence): Done {
  const isFinal = error instanceof Error && 'retriable' in error && error.retriable === false
  const result = error instanceof Error && 'result' in error ? { [name]: error.result } : {}
  return {
    kind: 'failed',
    error: `${name}: ${messageOf(error)}`,
    evidence: { ...evidence, ...result },
    isFinal,
  }
}
