import { rmSync } from 'node:fs'
import { placesOf, projectRoot } from '@tenseams/local/launcher/host/paths'
import { removeOutsideFolder } from '@tenseams/local/launcher/host/postgres-home'
import { listeners } from '@tenseams/local/launcher/host/sockets'
import { portsAt } from '@tenseams/local/launcher/plan/ports'
import { knownInstances } from '@tenseams/local/launcher/supervise/run-record'
import { openStack, purge } from '@tenseams/local/launcher/supervise/stack'

/** Set to the name of a running instance, tests use it, and leave it running. */
export const instanceVariable = 'TEN_SEAMS_INSTANCE'

/** With which Debezium the lane's stack runs; unset, the default one. */
export const debeziumVariable = 'TEN_SEAMS_DEBEZIUM'

const NAME = /^test-(\d+)$/

/** The instance of a test run bears the number of the process that runs it, so that anybody can see whose it is. */
export function instanceOf(pid: number): string {
  return `test-${pid}`
}

/** Far from the instance `default` and from other checkouts, and below the ports that Linux gives to clients. */
const HIGHEST_OFFSET = 10_000
const LOWEST_OFFSET = 5_000

/**
 * A port offset at which nobody listens. The search begins at another one for each process, since two runs that begin
 * at the same moment do not see each other's ports yet.
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

/** Stops all of an instance and removes its data; harmless when nothing of it runs. */
export async function endInstance(
  instance: string,
  { keepLogs = false }: { readonly keepLogs?: boolean } = {},
): Promise<void> {
  const stack = await openStack({ root: projectRoot, instance })
  const { places } = stack.context
  await stack.stop()
  if (keepLogs) {
    removeOutsideFolder(places)
    rmSync(places.data, { recursive: true, force: true })
  } else purge(places)
  // A process on its way out has no other chance to give its lock back.
  rmSync(`${places.state}.lock`, { force: true })
}

/** Ends the instances of test runs that were killed. Those whose process lives are somebody's. */
export async function endAbandoned(isAlive = processLives): Promise<void> {
  for (const instance of abandonedOf(knownInstances(projectRoot), isAlive)) {
    console.log(`ending ${instance}, which an earlier run left behind`)
    await endInstance(placesOf(projectRoot, instance).instance)
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

function processLives(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
