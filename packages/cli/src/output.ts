/** Writes a line to stdout: the result that somebody asked for. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** Writes a line to stderr: progress and errors, which must not mix with a result that is piped on. */
export function complain(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** How a write fails when nobody reads any more: a closed pipe, socket or terminal. */
const gone = new Set(['EPIPE', 'ECONNRESET', 'EIO', 'ERR_STREAM_DESTROYED'])

/**
 * Lets the verb finish when the reader of its output is gone, as in `… | head -1`: what it still writes is dropped, and its
 * exit code is that of its work. Without this, Node would print a stack trace and exit with 1, which means "refuted".
 *
 * @param onLost is called when output is lost for another reason, such as a full disk: then somebody waits for it.
 */
export function ignoreGoneReaders(onLost: (error: Error) => void): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (!gone.has(error.code ?? '')) onLost(error)
    })
  }
}
