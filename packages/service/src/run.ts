import closeWithGrace from 'close-with-grace'
import type { Server } from './server.ts'

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

/** Starts the loops, then listens and closes as `runService` does. */
export async function runApp(
  { server, loops, resources }: App,
  address: { readonly HOST: string; readonly PORT: number },
): Promise<void> {
  for (const loop of loops) loop.start()
  await runService(server, address, [...loops, ...resources])
}

const CLOSE_TIMEOUT_MS = 15_000

/**
 * Listens, and closes in order on SIGTERM, SIGINT or an uncaught error: first HTTP (requests under way are answered),
 * then each of `closing` in the order given. A close that takes longer than 15 s ends the process; the next start then
 * finds the same state as after a kill, which every part must tolerate.
 */
export async function runService(
  server: Server,
  address: { readonly HOST: string; readonly PORT: number },
  closing: readonly Closable[],
): Promise<void> {
  closeWithGrace({ delay: CLOSE_TIMEOUT_MS, logger: server.log }, async ({ err, signal }) => {
    if (err !== undefined) server.log.fatal({ err }, 'stopping after an error')
    else server.log.info({ signal }, 'stopping')
    await server.close()
    for (const thing of closing) await thing.close()
  })
  await server.listen({ host: address.HOST, port: address.PORT })
}
