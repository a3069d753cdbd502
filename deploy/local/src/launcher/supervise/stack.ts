import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { isMonitoring } from '../../parts/monitoring.ts'
import { components, parts } from '../../parts/parts.ts'
import { type Paths, pathsOf } from '../host/paths.ts'
import { removeOutsideFolder } from '../host/postgres-home.ts'
import type { Identity } from '../host/procfs.ts'
import { installArtefacts } from '../install/artefacts.ts'
import { findMonitoring } from '../install/monitoring.ts'
import type { Secrets } from '../install/secrets.ts'
import type { Endpoints } from '../plan/endpoints.ts'
import type { Component, Context, Part, StackSettings } from '../plan/part.ts'
import { type Planned, planAll, planStart, planStop } from '../plan/plan.ts'
import type { Profile } from '../plan/profiles.ts'
import { defaultSettings, type InstanceOptions, openContext } from './context.ts'
import { holderOf, takeLock } from './lock.ts'
import { gatherFacts, lackLines, lacksOf, PreflightFailed } from './preflight.ts'
import { type OnProgress, startAll, startPart, stopAll, stopOne } from './run-plan.ts'
import { readInstance, writeInstance } from './run-record.ts'
import { type PartStatus, statusOf } from './status.ts'
import {
  killComponent,
  lookAt,
  pauseComponent,
  resumeComponent,
  stopComponent,
} from './supervisor.ts'
import { endWatcher, startWatcher } from './watch.ts'

export type StackOptions = {
  readonly root: string
  readonly instance: string
  /** Left out: that of the instance's last start, or 0. */
  readonly portOffset?: number | undefined
  readonly profile: Profile
  /** Only these parts and everything that they need. */
  readonly only?: readonly string[]
  /** Settings left out are those of the instance's last start. */
  readonly settings?: Partial<StackSettings>
  readonly onProgress?: OnProgress
  /** Called with lines for the user before the start: jars that are installed, folders outside of the repository. */
  readonly onNotice?: (line: string) => void
  /** Called with the plan before its first part is started. */
  readonly onPlan?: (plan: readonly Planned[]) => void
  /** Aborts the start; what has been started is stopped again. */
  readonly signal?: AbortSignal
}

/** A handle on an instance, no matter which process started it. Several processes may have one at the same time. */
export type Stack = {
  readonly context: Context
  readonly endpoints: Endpoints
  readonly secrets: Secrets
  /** The profile of the last start. */
  readonly profile: Profile | undefined
  /** State, health, memory and ports of every component. */
  status(): Promise<readonly PartStatus[]>
  /** SIGKILL, as in a crash. */
  kill(name: string): Promise<void>
  /** Stops one component by its stop signal, and nothing else. Flink's jobs end with a savepoint before their JobManager. */
  stopOne(name: string): Promise<void>
  /** SIGSTOP: it keeps its connections and does not answer. */
  pause(name: string): void
  resume(name: string): void
  /**
   * Stops those that run, starts all of them, one after another, and then repeats the steps whose effect was lost with them
   * (Flink's jobs).
   */
  restart(...names: readonly string[]): Promise<void>
  /** Stops everything and leaves no process. The data stay. */
  stop(): Promise<void>
  /** Releases the instance without stopping it. */
  release(): void
}

/** The state of the instance does not allow the command. */
export class StackRefused extends Error {
  readonly code = 'STACK_REFUSED'
  readonly retriable = false
}

const nothing: OnProgress = () => undefined
const noLine = () => undefined

/**
 * Starts an instance: preflight, missing jars, every part of the profile. Running parts are left alone, so this also
 * completes an interrupted start. When a part fails, everything is stopped again.
 *
 * The caller holds the instance until `stop()`, `release()` or its own end; the processes outlive it. After a SIGKILL of
 * the caller, `npm run stack -- down` or the next start takes them over.
 *
 * @throws PreflightFailed with a line for each lack; MonitoringMissing when the plan has Prometheus and it cannot be had; Locked while another process holds the instance; ComponentFailed
 *   with the end of the component's log.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const context = await openContext({ ...options, settings: settingsOf(options) })
  const { paths } = context
  const { onProgress = nothing, signal = new AbortController().signal } = options
  const release = takeLock(lockOf(paths), `the instance ${paths.instance}`)
  try {
    refuseOtherOffset(context)
    refuseOtherDebezium(context)
    const plan = planStart(parts, options.profile, options.only)
    await preflight(context, options.profile, plan)
    await installArtefacts(paths, {
      profile: options.profile,
      debezium: context.settings.debezium,
      jdk: context.java.main,
      onProgress: options.onNotice ?? noLine,
    })
    await installMonitoring(plan, context, options)
    const { portOffset, settings } = context
    writeInstance(paths, { profile: options.profile, portOffset, settings })
    for (const line of noticesOf(plan, context)) (options.onNotice ?? noLine)(line)
    options.onPlan?.(plan)
    await startOrUndo(plan, context, onProgress, signal)
    if (plan.some(({ part }) => isWatchedPart(part))) await startWatcher(paths)
  } catch (error) {
    release()
    throw error
  }
  return handle(context, onProgress, release)
}

/** A job restored from a savepoint needs the window with which the savepoint was written, so settings are remembered. */
function settingsOf({ root, instance, settings }: StackOptions): StackSettings {
  const last = readInstance(pathsOf(root, instance))?.settings
  return { ...defaultSettings, ...last, ...settings }
}

function noticesOf(plan: readonly Planned[], context: Context): readonly string[] {
  return plan.flatMap(({ part }) => {
    const notice = part.notice?.(context)
    return notice === undefined ? [] : [notice]
  })
}

function isWatchedPart(part: Part): boolean {
  return part.kind === 'component' && part.isWatched === true
}

async function startOrUndo(
  plan: readonly Planned[],
  context: Context,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<void> {
  try {
    await startAll(plan, context, onProgress, signal)
  } catch (error) {
    await endWatcher(context.paths)
    await stopAll(planStop(planAll(parts)), context, onProgress)
    throw error
  }
}

/** Before the first start, so that a start waits for no download. */
async function installMonitoring(
  plan: readonly Planned[],
  { paths }: Context,
  { onNotice }: StackOptions,
): Promise<void> {
  if (!plan.some(({ part }) => isMonitoring(part))) return
  await findMonitoring({ root: paths.root, ...(onNotice && { onProgress: onNotice }) })
}

async function preflight(
  context: Context,
  profile: Profile,
  plan: readonly Planned[],
): Promise<void> {
  const lacks = lacksOf(await gatherFacts(context, profile, plan), profile)
  if (lacks.length === 0) return
  throw new PreflightFailed(['this machine is not ready:', ...lackLines(lacks)].join('\n'))
}

/** With other ports there would be two instances on the same data. */
function refuseOtherOffset({ paths, portOffset }: Context): void {
  const last = readInstance(paths)
  if (last === undefined || last.portOffset === portOffset || running(paths).length === 0) return
  throw new StackRefused(
    `the instance ${paths.instance} runs with --port-offset ${last.portOffset}`,
  )
}

/** A start leaves running parts alone, so Connect would keep the line that it has. */
function refuseOtherDebezium({ paths, settings: { debezium } }: Context): void {
  const last = { ...defaultSettings, ...readInstance(paths)?.settings }.debezium
  if (last === debezium || lookAt(paths, 'connect') === 'stopped') return
  throw new StackRefused(
    `Connect runs with Debezium ${last}: run \`npm run stack -- down\` before a start with ${debezium}`,
  )
}

/** The names of the components that are not stopped. */
function running(paths: Paths): readonly string[] {
  return components.map(({ name }) => name).filter((name) => lookAt(paths, name) !== 'stopped')
}

/**
 * A handle on an instance, without starting anything.
 *
 * @throws StackRefused when it runs with another port offset than the given one.
 */
export async function openStack(
  options: InstanceOptions & { readonly onProgress?: OnProgress },
): Promise<Stack> {
  const context = await openContext(options)
  refuseOtherOffset(context)
  return handle(context, options.onProgress ?? nothing, noLine)
}

function handle(context: Context, onProgress: OnProgress, release: () => void): Stack {
  const { paths, endpoints, secrets } = context
  return {
    context,
    endpoints,
    secrets,
    profile: readInstance(paths)?.profile,
    release: release,
    status: () => statusOf(context, components),
    kill: (name) => killComponent(componentOf(name), paths),
    stopOne: (name) => stopOne(componentOf(name), parts, context, onProgress),
    pause: (name) => pauseComponent(componentOf(name), paths),
    resume: (name) => resumeComponent(componentOf(name), paths),
    restart: (...names) => restart(names.map(componentOf), context, onProgress),
    stop: async () => {
      try {
        await endWatcher(paths)
        await stopAll(planStop(planAll(parts)), context, onProgress)
      } finally {
        release()
      }
    },
  }
}

async function restart(
  chosen: readonly Component[],
  context: Context,
  onProgress: OnProgress,
): Promise<void> {
  const { signal } = new AbortController()
  for (const component of chosen) await stopComponent(component, context.paths)
  // `parts` is sorted: a component comes after those that it needs.
  for (const component of components) {
    if (chosen.includes(component)) await startPart(component, context, onProgress, signal)
  }
  const forgotten = new Set(chosen.flatMap(({ forgets = [] }) => forgets))
  for (const part of parts) {
    if (!forgotten.has(part.name) || !canRun(part, context)) continue
    await startPart(part, context, onProgress, signal)
  }
}

/** Steps are only repeated where all their components run; the others were not part of the start. */
function canRun(step: Part, { paths }: Context): boolean {
  return components
    .filter(({ name }) => step.needs.includes(name))
    .every(({ name }) => lookAt(paths, name) === 'ready')
}

/**
 * The component of that name.
 *
 * @throws StackRefused, with all names, when there is none.
 */
export function componentOf(name: string): Component {
  const found = components.find((component) => component.name === name)
  if (found !== undefined) return found
  const names = components.map((component) => component.name).join(', ')
  throw new StackRefused(`there is no component "${name}"; there are: ${names}`)
}

/** The running process that started the instance and holds it. */
export function holderOfInstance(paths: Paths): Identity | undefined {
  return holderOf(lockOf(paths))
}

/** The lock file by which a process holds an instance. */
export function lockOf(paths: Paths): string {
  return join(paths.run, 'launcher')
}

/**
 * Removes everything that an instance keeps: data, logs, passwords, and its folder outside of the repository if there is one.
 *
 * @throws StackRefused while a component of it runs.
 */
export function purge(paths: Paths): void {
  const names = running(paths)
  if (names.length > 0) {
    throw new StackRefused(`${names.join(', ')} must be stopped before the data can be removed`)
  }
  removeOutsideFolder(paths)
  rmSync(paths.state, { recursive: true, force: true })
}
