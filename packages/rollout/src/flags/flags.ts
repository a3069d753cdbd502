import { OpenFeature, type Provider } from '@openfeature/server-sdk'
import type { Side } from '../change.ts'
import { FileProvider } from './file-provider.ts'
import { flagName, flagsPath, type Purpose } from './flags-file.ts'
import { type KillSwitch, openKillSwitch } from './kill-switch.ts'

/** What a service asks for each message or request. Never throws: what cannot be known is the old side. */
export type Flags = {
  /** Which side answers a read of this key. */
  readonly sideOfRead: (change: string, key: string) => Promise<Side>
  /** Whether the new path gets a copy of what happens to this key. */
  readonly isShadowed: (change: string, key: string) => Promise<boolean>
  readonly isStopped: (change: string) => boolean
}

export type FlagsOptions = {
  /** With flags.json and the kill switch's files. */
  readonly folder: string
  /** Another source of flags, such as flagd's. The kill switch stays a file. */
  readonly provider?: Provider
  readonly killSwitch?: KillSwitch
}

/** Reads the flags of a folder by OpenFeature, under a domain of that folder. Never fails: flags may come later. */
export async function openFlags(options: FlagsOptions): Promise<Flags> {
  const { folder, provider = new FileProvider(flagsPath(folder)) } = options
  const { killSwitch = openKillSwitch(folder) } = options
  const domain = `rollout ${folder}`
  await OpenFeature.setProviderAndWait(domain, provider)
  const client = OpenFeature.getClient(domain)
  const isChosen = async (change: string, purpose: Purpose, key: string) => {
    if (killSwitch.isOn(change)) return false
    return client.getBooleanValue(flagName(change, purpose), false, { targetingKey: key })
  }
  return {
    sideOfRead: async (change, key) => ((await isChosen(change, 'reads', key)) ? 'new' : 'old'),
    isShadowed: (change, key) => isChosen(change, 'shadow', key),
    isStopped: (change) => killSwitch.isOn(change),
  }
}
