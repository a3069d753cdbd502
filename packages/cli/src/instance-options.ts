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

/** The option of a verb that logs in, and what `--help` says about it. */
export const credentialsOption = { credentials: { type: 'string' } } as const
export const credentialsHelp = (identity = 'operator') =>
  `  --credentials <file>     of whoever asks (default: that of the instance's ${identity})`

/** The options of a verb that asks a service. */
export const serviceOptions = { url: { type: 'string' }, ...credentialsOption } as const

type LoginValues = InstanceValues & { readonly credentials?: string | undefined }

/** Options by which another server than the instance's is named, with what was given. */
type Elsewhere = Readonly<Record<string, string | undefined>>

/**
 * The file of credentials with which a verb logs in. The credentials of an instance are sent to that instance only.
 *
 * @throws UsageError for another server without a file, InstanceError
 */
export function credentialsFileOf(
  { credentials, instance }: LoginValues,
  elsewhere: Elsewhere,
  identity = 'operator',
): string {
  if (credentials !== undefined) return credentials
  refuseElsewhere(elsewhere, '<file>')
  return join(secretsFolderOf(instance), `${identity}.json`)
}

/** The same for a verb that logs in as several: the folder of their files. @throws UsageError, InstanceError */
export function credentialsFolderOf(
  { credentials, instance }: LoginValues,
  elsewhere: Elsewhere,
): string {
  if (credentials !== undefined) return credentials
  refuseElsewhere(elsewhere, '<folder>')
  return secretsFolderOf(instance)
}

function refuseElsewhere(elsewhere: Elsewhere, what: string): void {
  const option = Object.keys(elsewhere).find((name) => elsewhere[name] !== undefined)
  if (option === undefined) return
  throw new UsageError(
    `--${option} needs --credentials ${what}: the credentials of an instance are sent to that instance only`,
  )
}
