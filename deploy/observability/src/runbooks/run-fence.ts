import { spawn } from 'node:child_process'
import { projectRoot } from '@tenseams/cli/instance'
import { madeEnvironment } from '@tenseams/local/launcher/host/environment'
import { type Fence, type Page, variableOf } from './page.ts'
import { usesVariable } from './read-page.ts'

export type Target = {
  readonly instance: string
  /** That of its last start when left out. */
  readonly portOffset: number | undefined
}

/** What became of commands: their exit code, or why there is none. */
export type Outcome = {
  readonly exitCode: number | undefined
  /** Empty when they ended by themselves. */
  readonly reason: string
  /** The end of what they wrote, to stdout and stderr. */
  readonly output: string
  readonly tookMs: number
}

export type RunOptions = {
  readonly target: Target
  readonly labels: Readonly<Record<string, string>>
  readonly onOutput?: (text: string) => void
  readonly signal?: AbortSignal
}

const MOST_OUTPUT = 200_000
/** Between SIGTERM and SIGKILL. */
const END_MS = 3_000

/** In the shell of deploy/observability/environment.sh; a command that fails ends the rest, as a reader would stop. */
const script = (command: string) => `. deploy/observability/environment.sh\n${command}\n`

/**
 * Runs the commands of a fence, the very text of the page, from the repository's root, and ends them and everything that they have
 * started when their time is over. Never rejects: commands that cannot be run are an outcome, too.
 */
export function runFence(fence: Fence, options: RunOptions): Promise<Outcome> {
  const { onOutput = () => undefined, signal } = options
  const begun = performance.now()
  const { promise, resolve } = Promise.withResolvers<Outcome>()
  const child = spawn('bash', ['-euo', 'pipefail', '-c', script(fence.command)], {
    cwd: projectRoot,
    env: environmentOf(options),
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that nothing of it is left when it is ended.
    detached: true,
  })
  let output = ''
  let reason = ''
  const keep = (chunk: Buffer) => {
    onOutput(chunk.toString())
    output = (output + chunk.toString()).slice(-MOST_OUTPUT)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  let killing: NodeJS.Timeout | undefined
  const end = (why: string) => {
    reason ||= why
    killGroup(child.pid, 'SIGTERM')
    killing ??= setTimeout(() => killGroup(child.pid, 'SIGKILL'), END_MS)
  }
  const limit = setTimeout(
    () => end(`it took longer than ${fence.withinSeconds} s`),
    fence.withinSeconds * 1_000,
  )
  const onAbort = () => end('it was interrupted')
  signal?.addEventListener('abort', onAbort, { once: true })
  if (signal?.aborted) onAbort()
  const finish = (exitCode: number | undefined, why: string) => {
    clearTimeout(limit)
    clearTimeout(killing)
    signal?.removeEventListener('abort', onAbort)
    resolve({ exitCode, reason: reason || why, output, tookMs: performance.now() - begun })
  }
  child.once('error', (error) => finish(undefined, error.message))
  child.once('close', (code, ending) =>
    finish(
      reason === '' ? (code ?? undefined) : undefined,
      code === null ? `ended by ${ending}` : '',
    ),
  )
  return promise
}

/** What commands need to be told, and nobody has said: labels of the alert, and what they ask for by `${NAME:?}`, such as a pid. */
export function missingLabels(
  fence: Fence,
  page: Pick<Page, 'labels'>,
  given: Readonly<Record<string, string>>,
): readonly string[] {
  const used = Object.keys(page.labels).filter((label) =>
    usesVariable(fence.command, variableOf(label)),
  )
  return [...new Set([...used, ...namesIn(fence, /\$\{([A-Z_]+):\?/g)])].filter(
    (label) => given[label] === undefined,
  )
}

/** Everything that a page's commands may be told, as names of labels. */
export function labelsKnownTo({
  labels,
  fences,
}: Pick<Page, 'labels' | 'fences'>): readonly string[] {
  const asked = fences.flatMap((fence) => namesIn(fence, /\$\{([A-Z_]+):[?-]/g))
  return [...new Set([...Object.keys(labels), ...asked])]
}

function namesIn({ command }: Fence, pattern: RegExp): readonly string[] {
  return [...command.matchAll(pattern)].map(([, name = '']) => name.toLowerCase())
}

function environmentOf({ target, labels }: RunOptions): Record<string, string | undefined> {
  const { instance: INSTANCE, portOffset } = target
  const variables = Object.entries(labels).map(([label, value]) => [variableOf(label), value])
  return {
    ...madeEnvironment(),
    ...Object.fromEntries(variables),
    INSTANCE,
    ...(portOffset !== undefined && { PORT_OFFSET: String(portOffset) }),
  }
}

function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch {
    // It has ended meanwhile.
  }
}
