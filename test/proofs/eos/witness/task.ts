/** What a witness's loop is to do, and where it writes what it did. */
export type WitnessTask = {
  readonly brokers: string
  readonly worker: string
  readonly historyFile: string
  /** `false`: nobody is fenced, and the group's position is believed. */
  readonly guarded: boolean
}

export const WITNESS_INPUT = 'witness.input'
export const WITNESS_OUTPUT = 'witness.output'
export const WITNESS_GROUP = 'witness'
export const PARTITIONS = 4

/** An effect names its cause, and no two effects have one name. */
export const effectOf = (cause: string, id: string): string => `${cause} by ${id}`

export const causeOf = (effect: string): { readonly topic: string; readonly value: string } => ({
  topic: WITNESS_INPUT,
  value: effect.slice(0, effect.indexOf(' by ')),
})
