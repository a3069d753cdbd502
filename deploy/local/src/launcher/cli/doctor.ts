import { parts } from '../../parts/parts.ts'
import { treeOf } from '../host/procfs.ts'
import { type Listener, listeners } from '../host/sockets.ts'
import type { Component, Context } from '../plan/part.ts'
import { planStart } from '../plan/plan.ts'
import type { Profile } from '../plan/profiles.ts'
import { gatherFacts, lackLines, lacksOf } from '../supervise/preflight.ts'
import { readRecord } from '../supervise/run-record.ts'
import { lookAt } from '../supervise/supervisor.ts'

export type Diagnosis = { readonly isHealthy: boolean; readonly lines: readonly string[] }

/** Examines the machine as preflight does, and every socket on which the instance listens. */
export async function diagnose(
  context: Context,
  profile: Profile,
  components: readonly Component[],
): Promise<Diagnosis> {
  const facts = await gatherFacts(context, profile, planStart(parts, profile))
  const lacks = lackLines(lacksOf(facts, profile))
  const open = openSockets(context, components)
  const { main, registry } = context.java
  return {
    isHealthy: lacks.length === 0 && open.length === 0,
    lines: [
      `JDK for Kafka, Connect, Flink and catalogue: ${main ? `${main.major} in ${main.home}` : 'none'}`,
      `JDK for the registry: ${registry ? `${registry.major} in ${registry.home}` : 'none'}`,
      `jars to download: ${facts.jarsMissingMb} MB; free disk: ${facts.freeDiskMb} MB; cores: ${facts.cores}`,
      ...lacks,
      ...open,
      ...(open.length === 0 ? ['every listening socket of the instance is on loopback only'] : []),
    ],
  }
}

function openSockets(context: Context, components: readonly Component[]): readonly string[] {
  const all = listeners()
  return components.flatMap((component) =>
    socketsOf(component, context, all)
      .filter(({ loopback }) => !loopback)
      .map(({ port }) => `✗ ${component.name} listens on port ${port} beyond loopback`),
  )
}

/** The sockets that a component's processes actually hold open, as opposed to those that it was configured with. */
export function socketsOf(
  component: Component,
  { paths }: Context,
  all: readonly Listener[],
): readonly Listener[] {
  const state = lookAt(paths, component.name)
  const record = readRecord(paths, component.name)
  if (record === undefined || state === 'stopped' || state === 'failed') return []
  const pids = new Set(treeOf(record.identity.pid))
  return all.filter(({ pid }) => pid !== undefined && pids.has(pid))
}
