import { optionalWholeNumber } from './arguments.ts'
import { type InstanceEndpoints, instanceEndpoints } from './endpoints.ts'

/** The options of every verb that works on an instance of the native stack. */
export const instanceOptions = {
  instance: { type: 'string', default: 'default' },
  'port-offset': { type: 'string' },
} as const

/** What `--help` says about them. */
export const instanceHelp = `  --instance <name>        the instance of the native stack (default: "default")
  --port-offset <n>        its ports are those of packages/cli/ports.json plus n, a multiple of 100
                           (default: the n of its last start)`

export type InstanceValues = {
  readonly instance: string
  readonly 'port-offset'?: string | undefined
}

/** The port offset that was given; undefined when the instance's last one applies. @throws UsageError */
export function portOffsetOf(values: InstanceValues): number | undefined {
  return optionalWholeNumber('--port-offset', values['port-offset'], { most: 10_000 })
}

/** @throws UsageError, InstanceError */
export function endpointsOf(values: InstanceValues): InstanceEndpoints {
  return instanceEndpoints(values.instance, portOffsetOf(values))
}
