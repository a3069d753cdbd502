import { rmSync } from 'node:fs'
import { Controller, type PersonsCommand } from '@tenseams/rollout/controller'
import { FileProvider, type InCohort } from '@tenseams/rollout/flags/file-provider'
import { type Flags, openFlags } from '@tenseams/rollout/flags/flags'
import { flagsPath, readFlags, setFlag } from '@tenseams/rollout/flags/flags-file'
import {
  engageKillSwitch,
  type KillSwitch,
  openKillSwitch,
  releaseKillSwitch,
} from '@tenseams/rollout/flags/kill-switch'
import type { JudgeRound } from '@tenseams/rollout/judge'
import { type Metric, ModelChange, plan, type Weather } from './change.ts'
import { Faults } from './faults.ts'
import { MemoryLog } from './log.ts'
import { promotionsWithoutGate } from './promotions.ts'
import { type Belief, type Fence, Sides } from './sides.ts'

/** The parts of which a test replaces one. */
export type Parts = {
  readonly judge?: JudgeRound
  readonly inCohort?: InCohort
  readonly fence?: Fence
  /** By the switch as it is, or by nothing but flags that the controller sets. */
  readonly killBy?: 'file' | 'flag'
}

export type Action =
  | { readonly do: 'advance'; readonly times: number }
  | { readonly do: 'sail'; readonly rounds: number }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'weather'; readonly metric: Metric; readonly weather: Weather }
  | { readonly do: 'command'; readonly kind: PersonsCommand['kind'] }
  | { readonly do: 'fault'; readonly after: number; readonly what: 'kill' | 'freeze' }
  | { readonly do: 'thaw' | 'look' | 'write late' | 'write' | 'lose flags' }
  | { readonly do: 'log' | 'kill switch'; readonly isOn: boolean }

const name = 'model'
const keys = Array.from({ length: 40 }, (_, index) => `order-${index}`)
const off: KillSwitch = { isOn: () => false }

/** A rollout under random metrics, clocks, kills and commands, with the real library and everything else in memory. */
export class Model {
  readonly anomalies: string[] = []
  readonly log: MemoryLog
  readonly world: ModelChange
  readonly sides: Sides
  readonly #faults = new Faults()
  readonly #folder: string
  readonly #parts: Parts
  readonly #flags: Flags
  #controller: Controller
  #nowMs = 1_000_000
  #isKilled = false
  #belief: Belief | undefined
  #writes = 0
  #seen: { readonly percent: number; readonly keys: ReadonlySet<string> } = {
    percent: 0,
    keys: new Set(),
  }

  static async open(folder: string, parts: Parts = {}): Promise<Model> {
    rmSync(folder, { recursive: true, force: true })
    const provider = new FileProvider(flagsPath(folder), parts.inCohort)
    const killSwitch = parts.killBy === 'flag' ? off : openKillSwitch(folder)
    return new Model(folder, parts, await openFlags({ folder, provider, killSwitch }))
  }

  private constructor(folder: string, parts: Parts, flags: Flags) {
    this.#folder = folder
    this.#parts = parts
    this.#flags = flags
    this.log = new MemoryLog(this.#faults)
    this.sides = new Sides(() => this.#nowMs, this.#faults, parts.fence)
    this.world = new ModelChange(this.sides, this.#faults)
    this.#controller = this.#startController()
  }

  #startController(): Controller {
    const { judge, killBy } = this.#parts
    return new Controller({
      change: this.world.change,
      log: this.log,
      setFlag: async (flag, value) => {
        await this.#faults.point(true)
        setFlag(this.#folder, flag, value)
        await this.#faults.point(true)
      },
      killSwitch: killBy === 'flag' ? off : openKillSwitch(this.#folder),
      leaseMs: 2_000,
      nowMs: () => this.#nowMs,
      actTimeoutMs: 60_000,
      probeTimeoutMs: 60_000,
      onError: () => undefined,
      ...(judge && { judge }),
    })
  }

  async standing() {
    return this.#controller.standing()
  }

  async act(action: Action): Promise<void> {
    await this.#do(action)
    await this.#look()
  }

  async #do(action: Action): Promise<void> {
    switch (action.do) {
      case 'advance':
        return this.#advance(action.times)
      case 'sail':
        return this.#sail(action.rounds)
      case 'wait':
        this.#nowMs += action.ms
        return
      case 'weather':
        this.world.weather = { ...this.world.weather, [action.metric]: action.weather }
        return
      case 'command':
        return this.#command(action.kind)
      case 'fault':
        this.#faults.plan(action.after, action.what)
        return
      case 'thaw':
        return this.#faults.thaw()
      case 'look':
        this.#belief = this.sides.believe()
        return
      case 'write late':
        this.#write(this.#belief)
        return
      case 'write':
        this.#write(this.sides.believe())
        return
      case 'lose flags':
        rmSync(flagsPath(this.#folder), { force: true })
        return
      case 'log':
        this.log.isDown = !action.isOn
        return
      case 'kill switch':
        this.#kill(action.isOn)
        return
    }
  }

  /** A controller that was killed or that stands still is replaced by one that knows the log only. */
  async #advance(times: number): Promise<void> {
    for (let time = 0; time < times; time += 1) {
      const controller = this.#controller
      const result = await this.#faults.run(() => controller.advance(new AbortController().signal))
      if (result !== 'ended') this.#controller = this.#startController()
    }
  }

  async #sail(rounds: number): Promise<void> {
    this.world.weather = { latency: 'good', lag: 'good', money: 'good' }
    for (let round = 0; round < rounds; round += 1) {
      this.#nowMs += 1_000
      await this.#advance(2)
      if (round % 4 === 3) await this.#command('promote')
    }
  }

  async #command(kind: PersonsCommand['kind']): Promise<void> {
    const command = { kind, by: 'operator', atMs: this.#nowMs, reason: 'a person' }
    const controller = this.#controller
    const result = await this.#faults.run(() => controller.command(command))
    if (result !== 'ended') this.#controller = this.#startController()
  }

  #write(belief: Belief | undefined): void {
    if (belief === undefined) return
    this.#writes += 1
    this.sides.write(belief, this.#writes)
  }

  #kill(isOn: boolean): void {
    this.#isKilled = isOn
    if (this.#parts.killBy !== 'flag') {
      if (isOn) engageKillSwitch(this.#folder, name, 'by a test')
      else releaseKillSwitch(this.#folder, name)
      return
    }
    // What is decided is written to the log before it acts, and the log is down.
    if (!isOn || this.log.isDown) return
    for (const flag of ['reads', 'shadow']) {
      setFlag(this.#folder, `${name}.${flag}`, { percent: 0, term: this.log.events.length })
    }
  }

  async #look(): Promise<void> {
    this.anomalies.push(...this.sides.anomalies.splice(0))
    this.anomalies.push(...promotionsWithoutGate(plan, this.log.events))
    const chosen = new Set<string>()
    for (const key of keys) {
      const isRead = (await this.#flags.sideOfRead(name, key)) === 'new'
      if (isRead) chosen.add(key)
      if (this.#isKilled && (isRead || (await this.#flags.isShadowed(name, key)))) {
        this.anomalies.push(`${key} takes the new path while the kill switch is on`)
      }
    }
    if (!this.#isKilled) this.#compareCohort(chosen)
  }

  #compareCohort(chosen: ReadonlySet<string>): void {
    const percent = percentOf(this.#folder)
    const lost = [...this.#seen.keys].filter((key) => !chosen.has(key))
    if (percent >= this.#seen.percent && lost.length > 0) {
      this.anomalies.push(`${lost.join(', ')} left the cohort, which grew to ${percent} %`)
    }
    this.#seen = { percent, keys: chosen }
  }

  /** Everything works again, and somebody gives the change up. Says what is left then that should not be. */
  async giveUp(): Promise<readonly string[]> {
    await this.#faults.thaw()
    this.log.isDown = false
    this.#kill(false)
    this.world.weather = { latency: 'good', lag: 'good', money: 'good' }
    this.#controller = this.#startController()
    await this.#command('abort')
    for (let turn = 0; turn < 100 && !(await this.#isOver()); turn += 1) {
      this.#nowMs += 30_000
      await this.#advance(1)
    }
    return this.#leftovers()
  }

  async #isOver(): Promise<boolean> {
    const { state } = await this.standing()
    return state.status === 'aborted' || state.status === 'planned'
  }

  async #leftovers(): Promise<readonly string[]> {
    const { running, residue, isRetired } = this.world
    const now = this.sides.now()
    const lost = [...this.sides.acknowledged].filter((id) => !this.sides.old.has(id))
    return [
      ...((await this.#isOver()) ? [] : ['it is not aborted']),
      ...[...running].map((part) => `${part} still runs`),
      ...[...residue]
        .filter((part) => part !== 'reverse sync')
        .map((part) => `${part} left something`),
      ...(now.holder === 'old' ? [] : ['the new side may write']),
      ...(isRetired.rights || isRetired.data ? ['the old side is not restored'] : []),
      ...(percentOf(this.#folder) === 0 ? [] : ['keys are still read from the new side']),
      ...lost.map((id) => `write ${id} is not on the old side`),
    ]
  }
}

function percentOf(folder: string): number {
  try {
    return readFlags(flagsPath(folder))[`${name}.reads`]?.percent ?? 0
  } catch {
    return 0
  }
}
