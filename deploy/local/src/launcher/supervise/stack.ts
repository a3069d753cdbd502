import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { components, parts } from '../../parts/parts.ts'
import { type Paths, pathsOf } from '../host/paths.ts'
import { removeOutsideFolder } from '../host/postgres-home.ts'
import { gatherFacts, lackLines, lacksOf, PreflightFailed } from '../host/preflight.ts'
import type { Identity } from '../host/procfs.ts'
import { installArtefacts } from '../install/artefacts.ts'
import type { Secrets } from '../install/secrets.ts'
import { defaultSettings, type InstanceOptions, openContext } from '../plan/context.ts'
import type { Endpoints } from '../plan/endpoints.ts'
import type { Component, Context, Part, StackSettings } from '../plan/part.ts'
import { type Planned, planStart, planStop } from '../plan/plan.ts'
import type { Profile } from '../plan/profiles.ts'
import { type OnProgress, startAll, startPart, stopAll } from '../plan/run-plan.ts'
import { holderOf, takeLock } from './lock.ts'
import { readInstance, writeInstance } from './run-record.ts'
import { type PartStatus, statusOf } from './status.ts'
import {
  killComponent,
  lookAt,
  pauseComponent,
  resumeComponent,
  stopComponent,
} from './supervisor.ts'

export type StackOptions = {
  readonly root: string
  readonly instance: string
  /** Left out: as the instance was started last, or else 0. */
  readonly portOffset?: number | undefined
  readonly profile: Profile
  /** Only these parts and what they need. */
  readonly only?: readonly string[]
  /** Left out: as the instance was started last. */
  readonly settings?: Partial<StackSettings>
  readonly onProgress?: OnProgress
  /** Gets lines that people should see before the start: jars that are fetched, folders outside the project. */
  readonly onNotice?: (line: string) => void
  /** Gets the plan before its first part is started. */
  readonly onPlan?: (plan: readonly Planned[]) => void
  /** Gives up; what has been started is stopped again. */
  readonly signal?: AbortSignal
}

/** An instance, whoever started it. Several processes may hold one at once. */
export type Stack = {
  readonly context: Context
  readonly endpoints: Endpoints
  readonly secrets: Secrets
  /** With which it was started last. */
  readonly profile: Profile | undefined
  /** State, health, memory and ports of every component that is of the profile. */
  status(): Promise<readonly PartStatus[]>
  /** SIGKILL, as a crash. */
  kill(name: string): Promise<void>
  /** SIGSTOP: it keeps its connections and answers nobody. */
  pause(name: string): void
  resume(name: string): void
  /**
   * Stops what runs of them and starts them, one after another, and then does again the steps whose work they have forgotten
   * (Flink's jobs).
   */
  restart(...names: readonly string[]): Promise<void>
  /** Stops everything in good order and leaves no process; data stay. */
  stop(): Promise<void>
  /** Lets go of the instance without stopping it. */
  release(): void
}

/** The command cannot be carried out on this instance as it is. */
export class StackRefused extends Error {
  readonly code = 'STACK_REFUSED'
  readonly retriable = false
}

const nothing: OnProgress = () => undefined
const noLine = () => undefined

/**
 * Starts an instance: preflight, jars that are missing, every part of the profile. What runs already is left alone, so
 * it also completes a start that was interrupted. When a part fails everything is stopped again.
 *
 * The caller holds the instance until `stop()` or until it ends; the processes live on without it. After a SIGKILL of
 * the caller, `npm run stack -- down` or the next start takes them over.
 *
 * @throws PreflightFailed with a line for each lack; Locked while another process holds the instance; ComponentFailed
 *   with the end of the component's log.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const context = await openContext({ ...options, settings: settingsOf(options) })
  const { paths } = context
  const { onProgress = nothing, signal = new AbortController().signal } = options
  const giveBack = takeLock(lockOf(paths), `the instance ${paths.instance}`)
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
    const { portOffset, settings } = context
    writeInstance(paths, { profile: options.profile, portOffset, settings })
    for (const line of noticesOf(plan, context)) (options.onNotice ?? noLine)(line)
    options.onPlan?.(plan)
    await startOrUndo(plan, context, onProgress, signal)
  } catch (error) {
    giveBack()
    throw error
  }
  return handle(context, onProgress, giveBack)
}

/** Jobs that come back from a savepoint must find the window with which they wrote it: what was chosen once stays. */
function settingsOf({ root, instance, settings }: StackOptions): StackSettings {
  const last = readInstance(pathsOf(root, instance))?.settings
  return { ...defaultSettings, ...last, ...settings }
}

function noticesOf(plan: readonly Planned[], context: Context): readonly string[] {
  return plan.flatMap(({ part }) => {
    const notice = part.kind === 'component' ? part.notice?.(context) : undefined
    return notice === undefined ? [] : [notice]
  })
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
    await stopAll(planStop(planStart(parts, 'full')), context, onProgress)
    throw error
  }
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

/** The same data under other ports would be two instances in one folder. */
function refuseOtherOffset({ paths, portOffset }: Context): void {
  const last = readInstance(paths)
  if (last === undefined || last.portOffset === portOffset || running(paths).length === 0) return
  throw new StackRefused(
    `the instance ${paths.instance} runs with --port-offset ${last.portOffset}`,
  )
}

/** What runs is left alone by a start, so Connect would go on with the one that it has. */
function refuseOtherDebezium({ paths, settings: { debezium } }: Context): void {
  const last = { ...defaultSettings, ...readInstance(paths)?.settings }.debezium
  if (last === debezium || lookAt(paths, 'connect') === 'stopped') return
  throw new StackRefused(
    `Connect runs with Debezium ${last}: \`npm run stack -- down\` before it is started with ${debezium}`,
  )
}

/** Names of the components that are not stopped. */
function running(paths: Paths): readonly string[] {
  return components.map(({ name }) => name).filter((name) => lookAt(paths, name) !== 'stopped')
}

/**
 * Gets hold of an instance without starting anything.
 *
 * @throws StackRefused when it runs under other ports than asked for.
 */
export async function openStack(
  options: InstanceOptions & { readonly onProgress?: OnProgress },
): Promise<Stack> {
  const context = await openContext(options)
  refuseOtherOffset(context)
  return handle(context, options.onProgress ?? nothing, noLine)
}

function handle(context: Context, onProgress: OnProgress, giveBack: () => void): Stack {
  const { paths, endpoints, secrets } = context
  return {
    context,
    endpoints,
    secrets,
    profile: readInstance(paths)?.profile,
    release: giveBack,
    status: () => statusOf(context, components),
    kill: (name) => killComponent(componentOf(name), paths),
    pause: (name) => pauseComponent(componentOf(name), paths),
    resume: (name) => resumeComponent(componentOf(name), paths),
    restart: (...names) => restart(names.map(componentOf), context, onProgress),
    stop: async () => {
      try {
        await stopAll(planStop(planStart(parts, 'full')), context, onProgress)
      } finally {
        giveBack()
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
  // `parts` is sorted: what a component needs is before it.
  for (const component of components) {
    if (chosen.includes(component)) await startPart(component, context, onProgress, signal)
  }
  const forgotten = new Set(chosen.flatMap(({ forgets = [] }) => forgets))
  for (const part of parts) {
    if (!forgotten.has(part.name) || !canRun(part, context)) continue
    await startPart(part, context, onProgress, signal)
  }
}

/** A step whose components do not all run was not part of what was started. */
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
  throw new StackRefused(`there is no component "${name}"; these are: ${names}`)
}

/** The living process that has started the instance and stays with it. */
export function holderOfInstance(paths: Paths): Identity | undefined {
  return holderOf(lockOf(paths))
}

/** The file by which a process holds an instance. */
export function lockOf(paths: Paths): string {
  return join(paths.run, 'launcher')
}

/**
 * Removes all that an instance has kept: data, logs, passwords, and the folder outside the project if it has one.
 *
 * @throws StackRefused while something of it runs.
 */
export function purge(paths: Paths): void {
  const names = running(paths)
  if (names.length > 0) {
    throw new StackRefused(`${names.join(', ')} must be stopped before the data can be removed`)
  }
  removeOutsideFolder(paths)
  rmSync(paths.state, { recursive: true, force: true })
}
