/** How much is started: `minimal` ends in Kafka, `full` in the lakehouse. */
export const profiles = ['minimal', 'full'] as const

export type Profile = (typeof profiles)[number]

export const everyProfile: readonly Profile[] = profiles
export const fullOnly: readonly Profile[] = ['full']

/** True for the name of a profile. */
export function isProfile(name: string): name is Profile {
  return profiles.some((profile) => profile === name)
}
