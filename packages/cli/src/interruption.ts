import { InterruptedError } from './errors.ts'

/**
 * A signal that aborts with an `InterruptedError` at the first SIGINT, SIGTERM or SIGHUP. Later ones change nothing, so that
 * a second Ctrl-C cannot interrupt the cleaning up. A verb that calls this must end by itself once the signal has aborted.
 */
export function interruptible(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => controller.abort(new InterruptedError(`interrupted by ${signal}`)))
  }
  return controller.signal
}
