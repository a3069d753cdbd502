import { setTimeout as delay } from 'node:timers/promises'
import { logOf } from '@tenseams/telemetry/log'
import closeWithGrace from 'close-with-grace'
import type { Server } from './server.ts'
import { withTimeout } from './timeout.ts'

/** A part that must be closed. `close` finishes the work under way and then returns. */
export type Closable = { close(): Promise<void> }

/** Work beside HTTP: a consumer, a projection, a ticker. */
export type Loop = Closable & { start(): void }

/** A service that is built, but not started. */
export type App = {
  readonly server: Server
  /** Started in this order before the server listens; closed in this order when it no longer does. */
  readonly loops: readonly Loop[]
  /** What the loops and routes use. Closed last, in this order. */
  readonly resources: readonly Closable[]
}

/** Where a service listens, and how long it answers after its readiness has ended. */
export type Listening = {
  readonly HOST: string
  readonly PORT: number
  readonly DRAIN_MS: number
}

/** Starts the loops, then listens and closes as `runService` does. */
export async function runApp(
  { server, loops, resources }: App,
  listening: Listening,
): Promise<void> {
  for (const loop of loops) loop.start()
  await runService(server, listening, [...loops, ...resources])
}

/** Of one part. The next part is closed all the same. */
const CLOSE_TIMEOUT_MS = 8_000
/** Of all of it, after which the process ends. */
const STOP_TIMEOUT_MS = 15_000

/**
 * Listens, and closes in order on SIGTERM, SIGINT or an uncaught error, as `stopService` does. A stop that takes longer
 * than 15 s ends the process; the next start then finds the same state as after a kill, which every part must tolerate.
 */
export async function runService(
  server: Server,
  { HOST, PORT, DRAIN_MS }: Listening,
  closing: readonly Closable[],
): Promise<void> {
  const log = logOf(server)
  closeWithGrace({ delay: STOP_TIMEOUT_MS, logger: server.log }, async ({ err, signal }) => {
    if (err !== undefined) log.fatal({ err }, 'stopping after an error')
    else log.info({ ...(signal && { signal }) }, 'stopping')
    await stopService(server, closing, { drainMs: DRAIN_MS })
  })
  await server.listen({ host: HOST, port: PORT })
}

/**
 * Ends readiness while requests are still answered, so that a load balancer sends no more of them; after `drainMs` stops
 * listening and answers what is under way; then closes each of `closing` in the order given. A part that fails or hangs
 * keeps no other from being closed.
 *
 * @throws AggregateError of what failed, when everything was tried: the process then ends with exit code 1.
 */
export async function stopService(
  server: Server,
  closing: readonly Closable[],
  { drainMs, closeTimeoutMs = CLOSE_TIMEOUT_MS }: StopOptions,
): Promise<void> {
  const log = logOf(server)
  server.endReadiness()
  await delay(drainMs)
  const failures: unknown[] = []
  for (const part of [server, ...closing]) {
    try {
      await withTimeout(part.close(), closeTimeoutMs)
    } catch (error) {
      log.error({ err: error }, 'a part could not be closed')
      failures.push(error)
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, 'not everything could be closed')
}

type StopOptions = { readonly drainMs: number; readonly closeTimeoutMs?: number }
