/** Which parts are started: `minimal` ends in Kafka, `full` in the lakehouse, `ops` has what watches it in addition. */
export type Profile = 'minimal' | 'full' | 'ops'

export const everyProfile: readonly Profile[] = ['minimal', 'full', 'ops']

/** The profiles of the parts that only the lake needs. */
export const fullOnly: readonly Profile[] = ['full', 'ops']

/** The profile of the parts that watch the others; none of the others needs them. */
export const opsOnly: readonly Profile[] = ['ops']

/** The profile with every part: what is stopped by it is all that can run. */
export const allParts: Profile = 'ops'
