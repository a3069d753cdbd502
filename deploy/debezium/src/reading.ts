import { setTimeout as delay } from 'node:timers/promises'
import { CaptureError } from './capturing.ts'
import {
  askUntilAnswered,
  type Connect,
  ConnectorError,
  restartFailed,
  statusOf,
} from './connect-api.ts'
import type { ConnectorName } from './connectors.ts'
import type { Telling } from './told.ts'
import { causeIn, isTooLarge } from './too-large.ts'

/** A task that fails so often while it reads is not helped by another start. */
const MOST_FAILURES = 3
const POLL_MS = 300

export type Reading = {
  readonly connect: Connect
  readonly name: ConnectorName
  readonly deadline: number
  readonly say: (line: string) => void
  readonly telling: Pick<Telling, 'missing' | 'told'>
  /** Once the offset says that the snapshot has ended: how long nothing may come before what is missing counts as lost. */
  readonly silenceMs?: number
}

/**
 * Waits until a connector has sent everything. Its offset contains a snapshot until the first change or heartbeat after it;
 * an offset without one, however, may also be of a connector that has read nothing. So it only says when to compare.
 *
 * @throws CaptureError with what was not sent, or with the record that cannot be sent; ConnectorError when the task fails
 *   again and again, or at the deadline.
 */
export async function untilEverythingIsRead(reading: Reading): Promise<void> {
  const { connect, name, deadline, telling, silenceMs = 30_000 } = reading
  const failures = new Failures(reading)
  const progress = new Progress(reading)
  while (Date.now() < deadline) {
    await failures.look()
    const hasEnded = await snapshotHasEnded(connect, name, deadline)
    const missing = hasEnded ? await telling.missing() : undefined
    if (missing?.length === 0) return
    progress.look(telling.told())
    if (missing !== undefined && progress.silentMs > silenceMs) throw notSent(name, missing)
    await delay(POLL_MS)
  }
  throw new ConnectorError(
    `connector ${name} has not read everything in time; it continues, and the same command starts again`,
  )
}

function notSent(name: ConnectorName, missing: readonly string[]): CaptureError {
  return new CaptureError(
    [
      `${name} says that it has read everything, but it has not:`,
      ...missing.map((line) => `  ${line}`),
      `Its recovery is not finished: run \`npm run cdc -- recover --connector ${name}\` again`,
    ].join('\n'),
  )
}

/** Restarts a failed task, a bounded number of times, and not at all when it is sure to fail again. */
class Failures {
  readonly #reading: Reading
  #failures = 0

  constructor(reading: Reading) {
    this.#reading = reading
  }

  async look(): Promise<void> {
    const { connect, name, say } = this.#reading
    const status = await statusOf(connect, name).catch(unavailable)
    const failed = status?.tasks.find((task) => task.state === 'FAILED')
    if (failed === undefined) return
    const cause = causeIn(failed.trace)
    this.#failures += 1
    if (isTooLarge(failed.trace)) {
      throw new CaptureError(
        `${name} cannot read everything: ${cause}. Make that row smaller, then run the same command again`,
      )
    }
    if (this.#failures > MOST_FAILURES) {
      throw new ConnectorError(
        `connector ${name} has failed ${this.#failures} times while it read: ${cause}. Repair the cause, then run the same command again`,
      )
    }
    say(`its task has failed and is started again: ${cause}`)
    await restartFailed(connect, name)
  }
}

/** Connect may be starting: the deadline ends the waiting. */
function unavailable(error: unknown): undefined {
  if (error instanceof ConnectorError) return undefined
  throw error
}

class Progress {
  readonly #reading: Reading
  #told = 0
  #toldAt = Date.now()
  #saidAt = Date.now()

  constructor(reading: Reading) {
    this.#reading = reading
  }

  get silentMs(): number {
    return Date.now() - this.#toldAt
  }

  look(told: number): void {
    if (told !== this.#told) this.#toldAt = Date.now()
    this.#told = told
    if (Date.now() - this.#saidAt < 5_000) return
    this.#saidAt = Date.now()
    this.#reading.say(
      `${told} records so far; it reads, or waits for transactions that were open when its slot was created`,
    )
  }
}

type Offsets = {
  readonly offsets: readonly { readonly offset: Readonly<Record<string, unknown>> }[]
}

async function snapshotHasEnded(connect: Connect, name: string, deadline: number) {
  const path = `/connectors/${name}/offsets`
  const { offsets } = JSON.parse(await askUntilAnswered(connect, path, deadline)) as Offsets
  const [first] = offsets
  if (first === undefined) return false
  const { snapshot, last_snapshot_record: isLast } = first.offset
  return snapshot === undefined && isLast !== false
}
