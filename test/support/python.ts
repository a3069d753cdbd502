import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { eventually } from '@tenseams/local/launcher/host/wait'
import { Locked, takeLock } from '@tenseams/local/launcher/supervise/lock'
import { messageOf } from '@tenseams/service/causes'
import { rootFolder } from '../runner/program.ts'

const INSTALL_TIMEOUT_MS = 10 * 60_000

/** What is installed from PyPI for tests: pinned packages in a virtual environment of their own. */
export type PythonTool = {
  readonly name: string
  /** The file of pins, by its path from the root. */
  readonly requirements: string
}

/**
 * The folder of the programs of a virtual environment with the tool in it, made at the first call and whenever the pins
 * have changed. All tests share it; no instance has its name.
 */
export async function installPython({ name, requirements }: PythonTool): Promise<string> {
  const folder = join(rootFolder, '.stack', `.${name}`)
  const mark = join(folder, 'installed')
  const pins = join(rootFolder, requirements)
  const programs = join(folder, 'bin')
  const wanted = createHash('sha256').update(readFileSync(pins)).digest('hex')
  const isThere = () => existsSync(mark) && readFileSync(mark, 'utf8') === wanted
  if (isThere()) return programs
  const release = await waitForLock(folder, name)
  try {
    if (isThere()) return programs
    // Marked last, so that an interrupted installation is repeated.
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    const bounds = { timeoutMs: INSTALL_TIMEOUT_MS }
    await runAndRead('python3', ['-m', 'venv', folder], bounds)
    const wheels = ['install', '--quiet', '--no-deps', '--only-binary', ':all:', '-r', pins]
    await runAndRead(join(programs, 'python'), ['-m', 'pip', ...wheels], bounds)
    writeFileSync(mark, wanted)
    return programs
  } catch (error) {
    const reason = messageOf(error)
    throw new Error(
      `${name} cannot be installed; it needs python3 with venv, and packages from PyPI:\n${reason}`,
      { cause: error },
    )
  } finally {
    release()
  }
}

function waitForLock(folder: string, name: string): Promise<() => void> {
  const take = () => {
    try {
      return takeLock(`${folder}.lock`, `the installation of ${name}`)
    } catch (error) {
      if (error instanceof Locked) return undefined
      throw error
    }
  }
  return eventually(take, {
    timeoutMs: INSTALL_TIMEOUT_MS,
    intervalMs: 200,
    what: `another installation of ${name} to end`,
  })
}

type Running = { readonly timeoutMs: number; readonly input?: string; readonly cwd?: string }

/** What a program writes. @throws Error with the end of its output when it fails or takes too long. */
export async function runAndRead(
  file: string,
  parameters: readonly string[],
  { timeoutMs, input = '', cwd = rootFolder }: Running,
): Promise<string> {
  const child = spawn(file, parameters, { timeout: timeoutMs, killSignal: 'SIGKILL', cwd })
  const ended = Promise.withResolvers<string | undefined>()
  child.once('error', (error) => ended.resolve(error.message))
  child.once('close', (code, signal) =>
    ended.resolve(code === 0 ? undefined : `ended with ${signal ?? code}`),
  )
  // A program that ends before it has read everything reports why by its exit code.
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  const [failure, output, complaints] = await Promise.all([
    ended.promise,
    text(child.stdout),
    text(child.stderr),
  ])
  if (failure === undefined) return output
  const end = (complaints.trim() || output.trim()).split('\n').slice(-80).join('\n  | ')
  throw new Error(`${file} ${failure}:\n  | ${end}`)
}
