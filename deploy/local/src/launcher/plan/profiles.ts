/** Which parts are started: `minimal` ends in Kafka, `full` in the lakehouse. */
export type Profile = 'minimal' | 'full'

export const everyProfile: readonly Profile[] = ['minimal', 'full']

/** The profiles of the parts that only the lake needs. */
export const fullOnly: readonly Profile[] = ['full']
