import { oneOf } from '@tenseams/cli/arguments'
import {
  type InstanceValues,
  instanceHelp,
  instanceOptions,
  portOffsetOf,
} from '@tenseams/cli/instance-options'
import { everyProfile, type Profile } from '../plan/profiles.ts'

/** The instance that a verb works on, and which part of the system belongs to it. */
export type Target = {
  readonly instance: string
  /** Undefined: the offset of the instance's last start. */
  readonly portOffset: number | undefined
  readonly profile: Profile
}

export const targetOptions = {
  ...instanceOptions,
  profile: { type: 'string', default: 'full' },
} as const

export const targetHelp = `  --profile minimal|full|ops   minimal ends in Kafka, full in the lakehouse; ops has Prometheus and Alertmanager
                           in addition (default: full)
${instanceHelp}`

/** @throws UsageError */
export function readTarget(values: InstanceValues & { readonly profile: string }): Target {
  return {
    instance: values.instance,
    portOffset: portOffsetOf(values),
    profile: oneOf('--profile', values.profile, everyProfile),
  }
}
