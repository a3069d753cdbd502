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

/**
 * Probes all components concurrently. One that does not answer within two seconds is unhealthy. Their memory is read when all have
 * answered: that takes this process long enough for an answer to be seen too late.
 */
export async function statusOf(
  context: Context,
  components: readonly Component[],
): Promise<readonly PartStatus[]> {
  const answers = await Promise.all(components.map((each) => healthOf(context, each)))
  return components.map((component, index) => rowOf(context, component, answers[index]))
}

/** Undefined when it is not running. */
async function healthOf(context: Context, component: Component): Promise<boolean | undefined> {
  return runs(context, component) ? isReady(component, context) : undefined
}

function runs({ paths }: Context, { name }: Component): boolean {
  return !['stopped', 'failed'].includes(lookAt(paths, name))
}

function rowOf(context: Context, component: Component, healthy: boolean | undefined): PartStatus {
  const { name, title } = component
  const record = runs(context, component) ? readRecord(context.paths, name) : undefined
  const pid = record?.identity.pid
  return {
    name,
    title,
    state: lookAt(context.paths, name),
    healthy: pid === undefined ? undefined : healthy,
    pid,
    memoryBytes: pid === undefined ? 0 : memoryOf(treeOf(pid)),
    ports: component.ports.map((port) => context.ports[port]),
    readyAfterMs: record?.readyAfterMs,
    url: component.url?.(context),
    restarts: restartsText(readRestarts(context.paths, name), Date.now()),
  }
}
