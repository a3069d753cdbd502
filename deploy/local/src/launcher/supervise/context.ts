import { mkdirSync } from 'node:fs'
import { portsAt } from '@tenseams/cli/ports'
import { chooseJava, findJdks } from '../host/java.ts'
import { pathsOf } from '../host/paths.ts'
import { readOrMakeSecrets } from '../install/secrets.ts'
import { defaultDebezium } from '../plan/debezium-line.ts'
import { endpointsOf } from '../plan/endpoints.ts'
import type { Context, StackSettings } from '../plan/part.ts'
import { readInstance } from './run-record.ts'

export type InstanceOptions = {
  readonly root: string
  readonly instance: string
  /** Left out: that of the last start, or 0. */
  readonly portOffset?: number | undefined
  /** Left out: those of the last start, or the defaults. */
  readonly settings?: StackSettings | undefined
}

/** Ten seconds between checkpoints: results become visible soon, and the checkpoints cost little. */
export const defaultSettings: StackSettings = {
  checkpointIntervalMs: 10_000,
  debezium: defaultDebezium,
}

/**
 * Collects what the parts of an instance need; creates the instance's folders and passwords when it has none.
 *
 * @throws InstanceError for an invalid name or port offset.
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
    // An instance last started before a setting existed gets its default.
    settings: options.settings ?? { ...defaultSettings, ...last?.settings },
  }
}
