import { memoryOf, treeOf } from '../host/procfs.ts'
import type { Component, Context } from '../plan/part.ts'
import type { State } from './lifecycle.ts'
import { readRestarts, restartsText } from './restarts.ts'
import { readRecord } from './run-record.ts'
import { isReady, lookAt } from './supervisor.ts'

export type PartStatus = {
  readonly name: string
  readonly title: string
  readonly state: State
  /** The result of its readiness probe now; undefined when it is not running. */
  readonly healthy: boolean | undefined
  readonly pid: number | undefined
  /** Proportional set size (PSS), with all its children. */
  readonly memoryBytes: number
  readonly ports: readonly number[]
  readonly readyAfterMs: number | undefined
  readonly url: string | undefined
  /** How often it has exited by itself of late, and whether that is a crash loop; empty when it has not. */
  readonly restarts: string
}

/** Probes all components concurrently. One that does not answer within two seconds is unhealthy. */
export function statusOf(
  context: Context,
  components: readonly Component[],
): Promise<readonly PartStatus[]> {
  return Promise.all(components.map((component) => statusOfOne(context, component)))
}

async function statusOfOne(context: Context, component: Component): Promise<PartStatus> {
  const { name, title } = component
  const state = lookAt(context.paths, name)
  const record =
    state === 'stopped' || state === 'failed' ? undefined : readRecord(context.paths, name)
  const pid = record?.identity.pid
  return {
    name,
    title,
    state,
    healthy: pid === undefined ? undefined : await isReady(component, context),
    pid,
    memoryBytes: pid === undefined ? 0 : memoryOf(treeOf(pid)),
    ports: component.ports.map((port) => context.ports[port]),
    readyAfterMs: record?.readyAfterMs,
    url: component.url?.(context),
    restarts: restartsText(readRestarts(context.paths, name), Date.now()),
  }
}
