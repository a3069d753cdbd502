import { VerbError } from '@tenseams/cli/errors'
import { type Figure, figures } from '../../load/report/figures.ts'
import type { Step } from '../../load/report/step.ts'
import { msText, rateText, tableLines } from '../../load/report/table.ts'
import { judge } from '../../load/report/verdict.ts'
import type { Measured } from '../../load/run.ts'
import { ratios, type Summary, summarise } from '../measure.ts'

/** Both checkouts, measured in one round. */
export type Round = { readonly base: Measured; readonly ours: Measured }

/** The order of a round's turns: what grows warm, or busy, in the course of a run affects both sides alike. */
export function sidesOf(round: number): readonly (keyof Round)[] {
  return round % 2 === 0 ? ['base', 'ours'] : ['ours', 'base']
}

/** At the knee itself no latency is the same twice; of the steps below it this one stands for all. */
const STEP_BELOW_KNEE = -2

/** The step whose figures count; undefined when it is void, or there is none. */
export function stepOf({ steps, knee }: Measured): Step | undefined {
  if (knee !== undefined && knee.kept === undefined) return undefined
  const step = knee === undefined ? steps[0] : steps.at(STEP_BELOW_KNEE)
  return step === undefined || judge(step).outcome === 'void' ? undefined : step
}

type Row = { readonly name: string; readonly text: (value: number) => string; readonly of: Value }
type Value = (measured: Measured) => number

const kneeRow: Row = {
  ...{ name: 'knee, requests/s', text: rateText },
  of: ({ knee }) => knee?.kept ?? Number.NaN,
}

function rowOf({ name, unit, of }: Figure): Row {
  const value: Value = (measured) => {
    const step = stepOf(measured)
    return step === undefined ? Number.NaN : of(step)
  }
  return { name: `${name}, ${unit}`, text: unit.startsWith('ms') ? msText : rateText, of: value }
}

/**
 * Medians with the least and the most, and the ratio that is made in each round. Rounds with a void side are left out.
 *
 * @throws VerbError when there is no other.
 */
export function wholeWayLines(rounds: readonly Round[]): readonly string[] {
  const sound = rounds.filter(({ base, ours }) => stepOf(base) && stepOf(ours))
  if (sound.length === 0) {
    throw new VerbError('every round was void: lower --rate, or leave it out to look for the knee')
  }
  const rows = [kneeRow, ...figures.map(rowOf)].flatMap(({ name, text, of }) => {
    const [base, ours] = [
      sound.map((round) => of(round.base)),
      sound.map((round) => of(round.ours)),
    ]
    if (![...base, ...ours].every(Number.isFinite)) return []
    const ratio = summarise(ratios(ours, base))
    return [
      [
        name,
        ...[base, ours].map((values) => spread(summarise(values), text)),
        spread(ratio, twoDigits),
      ],
    ]
  })
  const left = rounds.length - sound.length
  return [
    ...tableLines([['median (least–most)', 'base', 'this', 'this by base'], ...rows]),
    `${sound.length} rounds${left === 0 ? '' : `, ${left} more were void`}`,
  ]
}

const twoDigits = (value: number) => value.toFixed(2)

function spread({ median, least, most }: Summary, text: (value: number) => string): string {
  return `${text(median)} (${text(least)}–${text(most)})`
}
