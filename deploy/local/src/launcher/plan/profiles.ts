/** How much is started: `minimal` ends in Kafka, `full` in the lakehouse. */
export type Profile = 'minimal' | 'full'

export const everyProfile: readonly Profile[] = ['minimal', 'full']

/** Parts of the lake. */
export const fullOnly: readonly Profile[] = ['full']
