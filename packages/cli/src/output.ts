/** Writes a line to stdout: the result that somebody asked for. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** Writes a line to stderr: progress and errors, which must not mix with a result that is piped on. */
export function complain(line: string): void {
  process.stderr.write(`${line}\n`)
}

/**
 * Lets the verb finish when the reader of its output is gone, as in `… | head -1`: what it still writes is dropped. Without
 * this, Node would print a stack trace and exit with 1, which means "refuted".
 */
export function ignoreBrokenPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
    })
  }
}
