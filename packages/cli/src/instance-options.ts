import { join } from 'node:path'
import { optionalWholeNumber } from './arguments.ts'
import { type InstanceEndpoints, instanceEndpoints } from './endpoints.ts'
import { UsageError } from './errors.ts'
import { secretsFolderOf } from './instance.ts'

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

/** The options of a verb that asks a service, and what `--help` says about them. */
export const serviceOptions = { url: { type: 'string' }, credentials: { type: 'string' } } as const
export const credentialsHelp = `  --credentials <file>     of whoever asks (default: that of the instance's operator)`

export type ServiceValues = InstanceValues & {
  readonly url?: string | undefined
  readonly credentials?: string | undefined
}

/**
 * The file of credentials with which a verb asks a service. The token of an instance is sent to that instance only.
 *
 * @throws UsageError for another address without a file, InstanceError
 */
export function credentialsFileOf({ url, credentials, instance }: ServiceValues): string {
  if (credentials !== undefined) return credentials
  if (url === undefined) return join(secretsFolderOf(instance), 'operator.json')
  throw new UsageError(
    '--url needs --credentials <file>: the token of an instance is sent to that instance only',
  )
}
