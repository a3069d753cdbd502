import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { eventually } from '@tenseams/local/launcher/host/wait'
import { Locked, takeLock } from '@tenseams/local/launcher/supervise/lock'
import { rootFolder } from '../../runner/program.ts'

const INSTALL_TIMEOUT_MS = 10 * 60_000
const RUN_TIMEOUT_MS = 180_000
/** Shared by all tests; no instance has this name. */
const folder = join(rootFolder, '.stack', '.pyiceberg')
const mark = join(folder, 'installed')
const requirements = join(rootFolder, 'test', 'support', 'lake', 'requirements.txt')

/** The steps of `tables.py`; its functions document them. */
export type Step = { readonly do: string; readonly table: string } & Readonly<
  Record<string, unknown>
>

/**
 * Runs steps with pyiceberg, an implementation of Iceberg that shares no code with ours.
 *
 * @returns the result of each step.
 * @throws Error with the end of Python's output; steps before the failed one have happened.
 */
export async function pyiceberg(
  catalogUrl: string,
  steps: readonly Step[],
): Promise<readonly unknown[]> {
  const python = await installed()
  const program = join(rootFolder, 'test', 'support', 'lake', 'tables.py')
  const answer = await run(python, [program], {
    timeoutMs: RUN_TIMEOUT_MS,
    input: JSON.stringify({ catalogUrl, steps }),
  })
  return JSON.parse(answer) as readonly unknown[]
}

/** The Python of a virtual environment with pyiceberg in it, made at the first call and whenever the pins have changed. */
async function installed(): Promise<string> {
  const python = join(folder, 'bin', 'python')
  const wanted = createHash('sha256').update(readFileSync(requirements)).digest('hex')
  const isThere = () => existsSync(mark) && readFileSync(mark, 'utf8') === wanted
  if (isThere()) return python
  const release = await waitForLock()
  try {
    if (isThere()) return python
    // Marked last, so that an interrupted installation is repeated.
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    const bounds = { timeoutMs: INSTALL_TIMEOUT_MS }
    await run('python3', ['-m', 'venv', folder], bounds)
    const wheels = ['install', '--quiet', '--no-deps', '--only-binary', ':all:', '-r', requirements]
    await run(python, ['-m', 'pip', ...wheels], bounds)
    writeFileSync(mark, wanted)
    return python
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(
      `pyiceberg cannot be installed; it needs python3 with venv, and packages from PyPI:\n${reason}`,
      { cause: error },
    )
  } finally {
    release()
  }
}

function waitForLock(): Promise<() => void> {
  const take = () => {
    try {
      return takeLock(`${folder}.lock`, 'the installation of pyiceberg')
    } catch (error) {
      if (error instanceof Locked) return undefined
      throw error
    }
  }
  return eventually(take, {
    timeoutMs: INSTALL_TIMEOUT_MS,
    intervalMs: 200,
    what: 'another installation of pyiceberg to end',
  })
}

async function run(
  file: string,
  parameters: readonly string[],
  { timeoutMs, input = '' }: { readonly timeoutMs: number; readonly input?: string },
): Promise<string> {
  const child = spawn(file, parameters, { timeout: timeoutMs, killSignal: 'SIGKILL' })
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
  const end = complaints.trim().split('\n').slice(-15).join('\n  | ')
  throw new Error(`${file} ${failure}:\n  | ${end}`)
}
