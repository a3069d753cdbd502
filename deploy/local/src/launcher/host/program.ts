import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { madeEnvironment } from './environment.ts'

/** A user of the operating system; undefined stands for the one that runs the launcher. */
export type Account = { readonly name: string; readonly uid: number; readonly gid: number }

export type Program = {
  readonly file: string
  readonly arguments: readonly string[]
  readonly folder?: string
  readonly account?: Account | undefined
  readonly environment?: Readonly<Record<string, string>>
  readonly timeoutMs: number
  /** Called with each line of stdout when it is written. */
  readonly onLine?: (line: string) => void
}

/** A program failed. The message contains the end of its output. */
export class ProgramFailed extends Error {
  readonly code = 'PROGRAM_FAILED'
  readonly retriable = true
}

/**
 * Runs a program to its end and returns what it wrote, stdout and stderr together.
 *
 * @throws ProgramFailed when it cannot be executed, exits with another code than 0, or is killed after `timeoutMs`.
 */
export async function runProgram(program: Program): Promise<string> {
  const child = spawn(program.file, program.arguments, {
    cwd: program.folder,
    env: { ...madeEnvironment(), ...program.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: program.timeoutMs,
    killSignal: 'SIGKILL',
    ...(program.account && { uid: program.account.uid, gid: program.account.gid }),
  })
  const ended = Promise.withResolvers<string | undefined>()
  child.once('error', (error) => ended.resolve(error.message))
  child.once('close', (code, signal) => {
    ended.resolve(code === 0 ? undefined : `exited with ${signal ?? code}`)
  })
  watchLines(child.stdout, program.onLine)
  const output = Promise.all([text(child.stdout), text(child.stderr)])
  const failure = await ended.promise
  const [stdout, stderr] = await output
  if (failure === undefined) return stdout + stderr
  const end = `${stdout}\n${stderr}`.trim().split('\n').slice(-20).join('\n  | ')
  throw new ProgramFailed(`${program.file} ${failure}:\n  | ${end}`)
}

function watchLines(stream: NodeJS.ReadableStream, onLine: Program['onLine']): void {
  if (onLine === undefined) return
  let rest = ''
  stream.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString('utf8')).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) onLine(line)
  })
}
