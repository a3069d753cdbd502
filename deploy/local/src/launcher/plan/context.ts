import { mkdirSync } from 'node:fs'
import { portsAt } from '@tenseams/cli/ports'
import { chooseJava, findJdks } from '../host/java.ts'
import { pathsOf } from '../host/paths.ts'
import { readOrMakeSecrets } from '../install/secrets.ts'
import { readInstance } from '../supervise/run-record.ts'
import { defaultDebezium } from './debezium-line.ts'
import { endpointsOf } from './endpoints.ts'
import type { Context, StackSettings } from './part.ts'

export type InstanceOptions = {
  readonly root: string
  readonly instance: string
  /** Left out: as it was started last, or else 0. */
  readonly portOffset?: number | undefined
  /** Left out: as it was started last, or else the defaults. */
  readonly settings?: StackSettings | undefined
}

/** Ten seconds between checkpoints: fresh enough to look at, and not yet a load. */
export const defaultSettings: StackSettings = {
  checkpointIntervalMs: 10_000,
  debezium: defaultDebezium,
}

/**
 * Puts together what parts need to know; makes the instance's folders and passwords when it has none.
 *
 * @throws RangeError for a name or an offset that cannot be.
 */
export async function openContext(options: InstanceOptions): Promise<Context> {
  const paths = pathsOf(options.root, options.instance)
  const last = readInstance(paths)
  const portOffset = options.portOffset ?? last?.portOffset ?? 0
  const ports = portsAt(portOffset)
  for (const folder of [paths.data, paths.logs, paths.run]) {
    mkdirSync(folder, { recursive: true })
  }
  return {
    paths,
    portOffset,
    ports,
    endpoints: endpointsOf(ports, paths),
    secrets: await readOrMakeSecrets(paths),
    java: chooseJava(findJdks()),
    // An instance that was started before a setting existed has its default.
    settings: options.settings ?? { ...defaultSettings, ...last?.settings },
  }
}
