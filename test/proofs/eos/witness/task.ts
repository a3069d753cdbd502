/** What a loop of the witness does, and where it writes its history. */
export type WitnessTask = {
  readonly brokers: string
  readonly worker: string
  readonly historyFile: string
  /** `false`: the old owner is not fenced, and the group's position is trusted. */
  readonly guarded: boolean
}

export const WITNESS_INPUT = 'witness.input'
export const WITNESS_OUTPUT = 'witness.output'
export const WITNESS_GROUP = 'witness'
export const PARTITIONS = 4

/** An effect contains its cause, and every effect is unique. */
export const effectOf = (cause: string, id: string): string => `${cause} by ${id}`

export const causeOf = (effect: string): { readonly topic: string; readonly value: string } => ({
  topic: WITNESS_INPUT,
  value: effect.slice(0, effect.indexOf(' by ')),
})
