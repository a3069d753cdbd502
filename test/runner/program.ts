import { spawn } from 'node:child_process'
import { resolve as resolvePath } from 'node:path'
import { fileURLToPath } from 'node:url'

export const rootFolder = fileURLToPath(new URL('../..', import.meta.url))

export type Program = {
  /** A file of ours or of a dependency, from the root; it runs on the Node that runs this. */
  readonly file: string
  readonly parameters: readonly string[]
  readonly timeoutMs: number
  readonly environment?: Readonly<Record<string, string>>
  /**
   * Whether the output is shown as it comes; otherwise it is kept and returned. A program that writes into our own pipe ends
   * badly when its reader goes away (`… | head -1`), which says nothing of its work, so only a terminal is given to it.
   */
  readonly shown?: boolean
  readonly signal?: AbortSignal
}

export type Outcome = {
  readonly ok: boolean
  readonly output: string
  readonly durationMs: number
  /** Why it isn't ok, in a few words; empty when it is. */
  readonly reason: string
}

/** How long a program may take to end after SIGTERM; then it is killed. */
const END_TIMEOUT_MS = 60_000
const OUTPUT_LIMIT_CHARACTERS = 1_000_000

/** Runs a program to its end, within its bound. Never rejects: a program that cannot start is an outcome, too. */
export function runProgram(program: Program): Promise<Outcome> {
  const startedAt = performance.now()
  const { promise, resolve } = Promise.withResolvers<Outcome>()
  const child = spawn(
    process.execPath,
    [resolvePath(rootFolder, program.file), ...program.parameters],
    {
      cwd: rootFolder,
      env: { ...process.env, ...program.environment },
      stdio: ['ignore', outputTo(program, process.stdout), outputTo(program, process.stderr)],
    },
  )
  let output = ''
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-OUTPUT_LIMIT_CHARACTERS)
  }
  child.stdout?.on('data', program.shown ? (chunk) => process.stdout.write(chunk) : keep)
  child.stderr?.on('data', program.shown ? (chunk) => process.stderr.write(chunk) : keep)
  let stopped = ''
  let killing: NodeJS.Timeout | undefined
  const stop = (why: string) => {
    stopped ||= why
    child.kill('SIGTERM')
    killing ??= setTimeout(() => child.kill('SIGKILL'), END_TIMEOUT_MS)
  }
  const onAbort = () => stop('it was told to stop')
  const timer = setTimeout(
    () => stop(`it took more than ${program.timeoutMs} ms`),
    program.timeoutMs,
  )
  program.signal?.addEventListener('abort', onAbort, { once: true })
  if (program.signal?.aborted) onAbort()
  const end = (reason: string) => {
    clearTimeout(timer)
    clearTimeout(killing)
    program.signal?.removeEventListener('abort', onAbort)
    resolve({ ok: reason === '', output, durationMs: performance.now() - startedAt, reason })
  }
  child.once('error', (error) => end(error.message))
  child.once('close', (code, signal) => end(stopped || endReason(code, signal)))
  return promise
}

function outputTo({ shown }: Program, stream: NodeJS.WriteStream): 'inherit' | 'pipe' {
  return shown && stream.isTTY ? 'inherit' : 'pipe'
}

function endReason(code: number | null, signal: NodeJS.Signals | null): string {
  if (code === 0) return ''
  return signal === null ? `exit code ${code}` : `ended by ${signal}`
}
