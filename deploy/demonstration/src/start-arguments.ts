import { readArguments, refuseMore } from '@tenseams/cli/arguments'
import { readTarget, type Target, targetOptions } from '@tenseams/local/launcher/cli/target'

const options = {
  ...targetOptions,
  fresh: { type: 'boolean' },
  once: { type: 'boolean' },
  kill: { type: 'string', multiple: true },
} as const

export type StartRequest = Target & {
  /** No profile was asked for, so Prometheus and Alertmanager are started where they can be had. */
  readonly watchesIfPossible: boolean
  readonly fresh: boolean
  readonly once: boolean
  /** Components that are killed while orders come in. */
  readonly kill: readonly string[]
}

/** Reads the arguments of `npm start`. @throws UsageError */
export function readStartArguments(args: readonly string[]): StartRequest {
  const { values, positionals, given } = readArguments(args, options)
  refuseMore(positionals)
  const { fresh = false, once = false, kill = [] } = values
  const watchesIfPossible = !given.has('profile')
  return { ...readTarget(values), watchesIfPossible, fresh, once, kill }
}
