import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { keepClasses, writtenArchive } from '../host/class-sharing.ts'
import { madeEnvironment } from '../host/environment.ts'
import { type Paths, temporaryFolderOf } from '../host/paths.ts'
import { argumentsOf, identify, isSameProcess, readStat, treeOf } from '../host/procfs.ts'
import type { Command, Component, Context } from '../plan/part.ts'
import { MoveRefused, nextState, type State, stateOf } from './lifecycle.ts'
import { Locked, takeLock } from './lock.ts'
import { lastLines } from './log.ts'
import { forgetRestarts } from './restarts.ts'
import { type RunRecord, readRecord, removeRecord, writeRecord } from './run-record.ts'

const POLL_MS = 100
const KILL_TIMEOUT_MS = 10_000
/** What a JVM needs in addition when it writes its classes at its end: some seconds of CPU time, several at once. */
const ARCHIVE_MS = 120_000
/** Longer than any part prepares itself. */
const LOCK_TIMEOUT_MS = 60_000

/** A component exited or did not become ready in time. The message contains the end of its log. */
export class ComponentFailed extends Error {
  readonly code = 'COMPONENT_FAILED'
  readonly retriable = true
}

/** The state of a component now, read from its run record and /proc, so every process sees the same. */
export function lookAt(paths: Paths, name: string): State {
  const record = readRecord(paths, name)
  if (record === undefined) return 'stopped'
  return stateOf({ recorded: true, phase: record.phase, process: processOf(record) })
}

function processOf(record: RunRecord): 'running' | 'paused' | 'gone' {
  if (!isSameProcess(record.identity)) return 'gone'
  return readStat(record.identity.pid)?.state === 'T' ? 'paused' : 'running'
}

/** The file with a component's stdout and stderr. */
export function logFileOf(paths: Paths, name: string): string {
  return join(paths.logs, `${name}.log`)
}

/**
 * Starts a component and returns when it is ready. The process outlives the launcher: any process can stop it by its run
 * record. A crash of the launcher between the start of the process and the writing of its record leaves a process
 * without a record; it holds its ports, and preflight names it.
 *
 * @param isDue asked while nobody else can start or end it; when it answers false, nothing is started.
 * @returns milliseconds until it was ready.
 * @throws ComponentFailed when it exits before it is ready, or is not ready in time; a late one is left running, and the
 *   caller must stop it.
 */
export async function startComponent(
  component: Component,
  context: Context,
  signal: AbortSignal,
  isDue: () => boolean = () => true,
): Promise<number> {
  const { paths } = context
  const { name } = component
  const record = await exclusively(paths, name, async () => {
    nextState(name, lookAt(paths, name), 'start')
    if (!isDue()) throw new MoveRefused(`${name} has been ended or started meanwhile`)
    emptyTemporaryFolder(paths, name)
    await component.prepare?.(context)
    const command = await component.command(context)
    signal.throwIfAborted()
    return begin(component, command, context)
  })
  await untilReady(component, context, record, signal)
  const readyAfterMs = Date.now() - record.startedAt
  writeRecord(paths, component.name, { ...record, phase: 'ready', readyAfterMs })
  return readyAfterMs
}

function emptyTemporaryFolder(paths: Paths, name: string): void {
  const folder = temporaryFolderOf(paths, name)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
}

/**
 * One process at a time starts or ends a component: the watcher and a command might do so at the same moment, and there
 * would be two processes for one record.
 */
async function exclusively<Value>(
  paths: Paths,
  name: string,
  work: () => Promise<Value> | Value,
): Promise<Value> {
  const release = await lockWhenFree(join(paths.run, `${name}.lock`), name)
  try {
    return await work()
  } finally {
    release()
  }
}

async function lockWhenFree(file: string, name: string): Promise<() => void> {
  const deadline = Date.now() + LOCK_TIMEOUT_MS
  for (;;) {
    try {
      return takeLock(file, name)
    } catch (error) {
      const isTaken = error instanceof Locked || isExisting(error)
      if (!isTaken || Date.now() > deadline) throw error
      await pause(POLL_MS / 2)
    }
  }
}

/** Another process has made the lock between our look and our write. */
function isExisting(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST'
}

function begin(component: Component, command: Command, context: Context): RunRecord {
  const { paths } = context
  const startedAt = Date.now()
  const log = openLog(paths, component.name)
  const child = spawnDetached(command, log, paths)
  closeSync(log)
  if (child.pid === undefined) {
    throw new ComponentFailed(`${component.name}: ${command.file} cannot be run`)
  }
  const identity = identify(child.pid)
  if (identity === undefined) throw failed(component, context, 'exited at once')
  const record: RunRecord = { identity, phase: 'starting', startedAt }
  writeRecord(paths, component.name, record)
  return record
}

function spawnDetached(command: Command, log: number, paths: Paths): ChildProcess {
  const { account } = command
  const child = spawn(command.file, command.arguments, {
    cwd: command.folder ?? (account ? '/' : paths.state),
    env: { ...madeEnvironment(), ...command.environment },
    detached: true,
    stdio: ['ignore', log, log],
    ...(account && { uid: account.uid, gid: account.gid }),
  })
  // Without a listener, a file that cannot be executed would crash the launcher. begin() notices it by the missing pid.
  child.on('error', () => undefined)
  child.unref()
  return child
}

/** One file per component, opened for appending: the watcher empties it while it is open (log.ts). */
export function openLog(paths: Paths, name: string): number {
  return openSync(logFileOf(paths, name), 'a')
}

async function untilReady(
  component: Component,
  context: Context,
  record: RunRecord,
  signal: AbortSignal,
): Promise<void> {
  const deadline = record.startedAt + component.readyTimeoutMs
  while (Date.now() < deadline) {
    signal.throwIfAborted()
    if (!isSameProcess(record.identity)) throw failed(component, context, 'exited')
    if (await isReady(component, context)) return
    await pause(POLL_MS)
  }
  throw failed(component, context, `was not ready within ${component.readyTimeoutMs / 1000} s`)
}

/** False when the probe throws, as it does while the server does not listen yet. */
export async function isReady(component: Component, context: Context): Promise<boolean> {
  try {
    return await component.isReady(context)
  } catch {
    return false
  }
}

function failed(component: Component, context: Context, what: string): ComponentFailed {
  const file = logFileOf(context.paths, component.name)
  const lines = lastLines(file, 20).map((line) => `  | ${line}`)
  return new ComponentFailed(
    [`${component.name} ${what}. The end of ${file}:`, ...lines].join('\n'),
  )
}

/**
 * Stops a component by its stop signal and returns when its process is gone; kills it after `stopTimeoutMs`. When there is
 * no process, only the record is removed.
 */
export async function stopComponent(component: Component, paths: Paths): Promise<void> {
  const { name } = component
  const record = await markEnding(paths, name, 'stop')
  if (record !== undefined && isSameProcess(record.identity)) {
    const { pid } = record.identity
    const archive = writtenArchive(argumentsOf(pid))
    const family = treeOf(pid)
    signalAll([pid], component.stopSignal)
    signalAll(family, 'SIGCONT')
    const timeoutMs = component.stopTimeoutMs + (archive === undefined ? 0 : ARCHIVE_MS)
    const isInTime = await untilGone(record, timeoutMs)
    if (!isInTime) await killTree(record)
    const hasWorked = component.hasWorked?.(paths) ?? true
    if (archive !== undefined && hasWorked) keepClasses(paths, name, archive, isInTime)
  }
  rmSync(temporaryFolderOf(paths, name), { recursive: true, force: true })
  removeRecord(paths, name)
}

/** Simulates a crash: SIGKILL to the process and all its descendants. */
export async function killComponent(component: Component, paths: Paths): Promise<void> {
  const { name } = component
  const record = await markEnding(paths, name, 'kill')
  if (record !== undefined && isSameProcess(record.identity)) await killTree(record)
  removeRecord(paths, name)
}

/** From here on its end is meant: the watcher does not start it again. */
function markEnding(
  paths: Paths,
  name: string,
  move: 'stop' | 'kill',
): Promise<RunRecord | undefined> {
  return exclusively(paths, name, () => {
    nextState(name, lookAt(paths, name), move)
    forgetRestarts(paths, name)
    const record = readRecord(paths, name)
    if (record !== undefined) writeRecord(paths, name, { ...record, phase: 'stopping' })
    return record
  })
}

async function killTree(record: RunRecord): Promise<void> {
  signalAll(treeOf(record.identity.pid), 'SIGKILL')
  if (await untilGone(record, KILL_TIMEOUT_MS)) return
  throw new ComponentFailed(`process ${record.identity.pid} survived SIGKILL`)
}

async function untilGone(record: RunRecord, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs
  while (isSameProcess(record.identity)) {
    if (Date.now() > deadline) return false
    await pause(POLL_MS / 2)
  }
  return true
}

/** SIGSTOP: the component keeps its connections and does not answer. */
export function pauseComponent(component: Component, paths: Paths): void {
  signalTree(component, paths, 'pause', 'SIGSTOP')
}

/** SIGCONT to a paused component. */
export function resumeComponent(component: Component, paths: Paths): void {
  signalTree(component, paths, 'resume', 'SIGCONT')
}

function signalTree(
  component: Component,
  paths: Paths,
  move: 'pause' | 'resume',
  signal: NodeJS.Signals,
): void {
  nextState(component.name, lookAt(paths, component.name), move)
  const record = readRecord(paths, component.name)
  if (record !== undefined) signalAll(treeOf(record.identity.pid), signal)
}

function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal)
    } catch (error) {
      const gone = error instanceof Error && 'code' in error && error.code === 'ESRCH'
      if (!gone) throw error
    }
  }
}
