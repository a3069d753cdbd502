import { appendFileSync, existsSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '@tenseams/cli/instance'
import { portsAt } from '@tenseams/cli/ports'
import { type Paths, pathsOf } from '@tenseams/local/launcher/host/paths'
import { removeOutsideFolder } from '@tenseams/local/launcher/host/postgres-home'
import { allPids, isSameProcess, readStat, treeOf } from '@tenseams/local/launcher/host/procfs'
import { listeners } from '@tenseams/local/launcher/host/sockets'
import { knownInstances, readRecord } from '@tenseams/local/launcher/supervise/run-record'
import { openStack } from '@tenseams/local/launcher/supervise/stack'
import { components } from '@tenseams/local/parts/parts'
import { reportFolderVariable } from '../report-folder.ts'
import { kill } from './owners.ts'

/** Set to the name of a running instance, tests use it, and leave it running. */
export const instanceVariable = 'TEN_SEAMS_INSTANCE'

/** With which Debezium the integration suite's stack runs; unset, the default one. */
export const debeziumVariable = 'TEN_SEAMS_DEBEZIUM'

const NAME = /^test-(\d+)$/

/** The instance of a test run is named after the process that starts it, so that its owner is known. */
export function instanceOf(pid: number): string {
  return `test-${pid}`
}

/** Far from the instance `default` and from other checkouts, and below the ports that Linux gives to clients. */
const HIGHEST_OFFSET = 10_000
const LOWEST_OFFSET = 5_000

/**
 * A port offset at which nothing listens. Each process begins the search at another one, since two runs that begin at the
 * same moment do not see each other's ports yet.
 *
 * @throws Error when all are taken.
 */
export function freeOffset(
  taken = new Set(listeners().map(({ port }) => port)),
  pid = process.pid,
): number {
  const count = (HIGHEST_OFFSET - LOWEST_OFFSET) / 100 + 1
  for (let step = 0; step < count; step += 1) {
    const offset = HIGHEST_OFFSET - ((pid + step) % count) * 100
    if (Object.values(portsAt(offset)).every((port) => !taken.has(port))) return offset
  }
  throw new Error(`no free ports between the offsets ${LOWEST_OFFSET} and ${HIGHEST_OFFSET}`)
}

/** An instance that a run has started, and that must be gone when the run is over. */
export type StartedInstance = {
  readonly instance: string
  readonly portOffset: number
  /** The checkout that it is of; this one when left out. */
  readonly root?: string
}

/** Tells `npm test`, if it is running, what to look for at its end. */
export function announce(started: StartedInstance): void {
  const folder = process.env[reportFolderVariable]
  if (folder !== undefined) appendFileSync(instancesFile(folder), `${JSON.stringify(started)}\n`)
}

/** What was announced in a run. */
export function announced(folder: string): readonly StartedInstance[] {
  const file = instancesFile(folder)
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  return lines.map((line) => JSON.parse(line) as StartedInstance)
}

const instancesFile = (folder: string) => join(folder, 'instances.jsonl')

/** Stops an instance part by part, as `stack down` does, and removes its data; harmless when nothing of it runs. */
export async function endInstance(
  instance: string,
  { keepLogs = false }: { readonly keepLogs?: boolean } = {},
): Promise<void> {
  const stack = await openStack({ root: projectRoot, instance })
  await stack.stop()
  removeFolders(pathsOf(projectRoot, instance), keepLogs)
}

const GONE_TIMEOUT_MS = 20_000

/**
 * Kills all of an instance and removes its data, within a second or two and without a turn of the event loop, so that a
 * signal handler can do it and nothing can be started meanwhile. Harmless when nothing of it runs.
 *
 * @throws Error when something survives SIGKILL.
 */
export function endAtOnce(
  instance: string,
  {
    keepLogs = false,
    root = projectRoot,
  }: { readonly keepLogs?: boolean; readonly root?: string | undefined } = {},
): void {
  const paths = pathsOf(root, instance)
  const killed = pidsOf(paths)
  kill(killed)
  // What a process on its way out has forked behind our look.
  const later = pidsOf(paths)
  kill(later)
  const deadline = Date.now() + GONE_TIMEOUT_MS
  for (const pid of [...killed, ...later]) {
    while (readStat(pid) !== undefined) {
      if (Date.now() > deadline) throw new Error(`process ${pid} survived SIGKILL`)
      sleepSync(10)
    }
  }
  removeFolders(paths, keepLogs)
}

function removeFolders(paths: Paths, keepLogs: boolean): void {
  removeOutsideFolder(paths)
  const removed = keepLogs ? [paths.data, paths.run] : [paths.state]
  for (const folder of removed) rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  // A process on its way out has no other chance to release its lock.
  rmSync(`${paths.state}.lock`, { force: true })
}

/** Its components with all that descends from them, and whatever works in its folder. */
function pidsOf(paths: Paths): readonly number[] {
  const recorded = components.flatMap(({ name }) => {
    const record = readRecord(paths, name)
    return record !== undefined && isSameProcess(record.identity) ? treeOf(record.identity.pid) : []
  })
  const working = allPids().filter((pid) => pid !== process.pid && worksIn(pid, paths.state))
  return [...new Set([...recorded, ...working])]
}

function worksIn(pid: number, folder: string): boolean {
  try {
    return `${readlinkSync(`/proc/${pid}/cwd`)}/`.startsWith(`${folder}/`)
  } catch {
    // It has ended meanwhile, or is not ours to look at.
    return false
  }
}

function sleepSync(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

/** Ends the instances of test runs that were killed. Those of a running process are in use. */
export function endAbandoned(isAlive = processLives): void {
  for (const instance of abandonedOf(knownInstances(projectRoot), isAlive)) {
    console.log(`ending ${instance}, which an earlier run left behind`)
    endAtOnce(instance)
  }
}

/** Which of the names belong to a test run whose process is gone, or to a number that is ours now. */
export function abandonedOf(
  names: readonly string[],
  isAlive: (pid: number) => boolean,
): readonly string[] {
  return names.filter((name) => {
    const pid = Number(NAME.exec(name)?.[1])
    return !Number.isNaN(pid) && (pid === process.pid || !isAlive(pid))
  })
}

const processLives = (pid: number): boolean => readStat(pid) !== undefined
