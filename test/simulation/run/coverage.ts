import type { Process } from '../world/world.ts'
import type { Fault } from './scenario.ts'

/** Events that must have occurred in a set of runs before a run without violations proves anything. */
export const required = [
  'zombies resumed',
  'zombies resumed inside a transaction',
  'zombies resumed at a catalogue commit',
  'zombies resumed at a store append',
  'unknown transaction ends',
  'unknown catalogue commits',
  'unknown store appends',
  'kills inside a transaction',
  'kills between transaction end and its answer',
  'kills between catalogue commit and its answer',
  'kills between store append and offset commit',
  'rebalances after the first',
  'owners fenced inside a transaction',
  'transactions timed out',
  'transactions aborted',
  'requests refused to a fenced or deposed owner',
  'sends known as repetitions',
  'late requests',
  'inbox repeats',
  'catalogue conflicts',
] as const

export type Occurrence = (typeof required)[number]

const transactional = new Set([
  'addPartitions',
  'produce',
  'addOffsets',
  'txnOffsetCommit',
  'endTxn',
])

/** How often each of them occurred. */
export class Coverage {
  readonly counts = new Map<Occurrence, number>()

  add(occurrence: Occurrence, count = 1): void {
    if (count > 0) this.counts.set(occurrence, (this.counts.get(occurrence) ?? 0) + count)
  }

  served(_process: Process, name: string, fault: Fault | undefined, ok: boolean): void {
    if (!ok && (transactional.has(name) || name === 'offsetCommit')) {
      this.add('requests refused to a fenced or deposed owner')
    }
    if (fault === undefined || !ok) return
    if (fault.kind === 'late') this.add('late requests')
    if (!['late', 'lose-answer', 'twice'].includes(fault.kind)) return
    if (name === 'endTxn') this.add('unknown transaction ends')
    if (name === 'commitTable') this.add('unknown catalogue commits')
    if (name === 'append') this.add('unknown store appends')
  }

  killed({ call, ...fault }: Fault): void {
    if (transactional.has(call)) this.add('kills inside a transaction')
    if (fault.kind !== 'kill' || !fault.served) return
    if (call === 'endTxn') this.add('kills between transaction end and its answer')
    if (call === 'commitTable') this.add('kills between catalogue commit and its answer')
    if (call === 'append') this.add('kills between store append and offset commit')
  }

  resumed({ call }: Fault, isZombie: boolean): void {
    if (!isZombie) return
    this.add('zombies resumed')
    if (transactional.has(call)) this.add('zombies resumed inside a transaction')
    if (call === 'commitTable') this.add('zombies resumed at a catalogue commit')
    if (call === 'append') this.add('zombies resumed at a store append')
  }
}

/** In how many runs each of them occurred. */
export class RunsCovered {
  readonly #runs = new Map<Occurrence, number>()

  add({ counts }: Coverage): void {
    for (const occurrence of counts.keys()) {
      this.#runs.set(occurrence, (this.#runs.get(occurrence) ?? 0) + 1)
    }
  }

  get missing(): readonly Occurrence[] {
    return required.filter((occurrence) => !this.#runs.has(occurrence))
  }

  get lines(): readonly string[] {
    return required.map(
      (occurrence) => `${String(this.#runs.get(occurrence) ?? 0).padStart(7)}  ${occurrence}`,
    )
  }
}
