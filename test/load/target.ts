import { instanceEndpoints } from '@tenseams/cli/endpoints'
import { UsageError, VerbError } from '@tenseams/cli/errors'
import { projectRoot } from '@tenseams/cli/instance'
import { type Paths, pathsOf } from '@tenseams/local/launcher/host/paths'
import type { Profile } from '@tenseams/local/launcher/plan/profiles'
import { runningParts } from './observe/parts.ts'

/** Where the load goes. Of an instance everything is observed, of any other address its answers only. */
export type Target =
  | { readonly kind: 'address'; readonly url: string }
  | {
      readonly kind: 'instance'
      readonly url: string
      readonly profile: Profile
      readonly kafkaBrokers: string
      readonly secretsFolder: string
      readonly registryUrl: string
      readonly catalogUrl: string
      readonly paths: Paths
    }

export type InstanceTarget = Extract<Target, { readonly kind: 'instance' }>

const READY_TIMEOUT_MS = 5_000

/**
 * A running instance, whichever profile it was started with.
 *
 * @param root the checkout whose instance it is.
 * @throws VerbError with the next step when it does not answer.
 */
export async function findInstance(
  instance: string,
  portOffset?: number,
  root = projectRoot,
): Promise<InstanceTarget> {
  const { ordersUrl, brokers, registryUrl, catalogUrl } = instanceEndpoints(instance, portOffset)
  if (!(await isReady(ordersUrl))) {
    throw new VerbError(
      [
        `the instance ${instance} does not answer at ${ordersUrl}.`,
        'Start it with `npm start` in another terminal, or name one that runs with --instance.',
        '`npm run stack -- status` shows what runs; --target sends the load elsewhere.',
      ].join('\n'),
    )
  }
  const paths = pathsOf(root, instance)
  const profile = runningParts(paths).has('lakehouse') ? 'full' : 'minimal'
  const secretsFolder = paths.secrets
  const endpoints = { kafkaBrokers: brokers, secretsFolder, registryUrl, catalogUrl }
  return { kind: 'instance', url: ordersUrl, profile, paths, ...endpoints }
}

async function isReady(url: string): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(READY_TIMEOUT_MS)
    return (await fetch(`${url}/health/ready`, { signal })).ok
  } catch {
    // Whatever the reason, the next step is the same.
    return false
  }
}

/**
 * Any address of the orders' interface. A load on another machine may harm others, so it must be asked for.
 *
 * @throws UsageError
 */
export function readAddress(text: string, isNotLoopbackAllowed: boolean): Target {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(`--target takes an address such as http://127.0.0.1:20000, not "${text}"`)
  }
  if (!isLoopback(url.hostname) && !isNotLoopbackAllowed) {
    throw new UsageError(
      `--target ${text} is not on this machine: add --not-loopback if its owner wants this load`,
    )
  }
  return { kind: 'address', url: url.href.replace(/\/$/, '') }
}

function isLoopback(hostname: string): boolean {
  return /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname)
}
