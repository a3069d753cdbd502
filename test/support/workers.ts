import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { eventually } from '@tenseams/local/launcher/host/wait'

/** A line that a worker has written: what happened, and more about it. */
export type Told = Readonly<Record<string, unknown>> & { readonly event: string }

export type Worker = {
  readonly child: ChildProcess
  /** What it has told so far of an event. */
  told(event: string): readonly Told[]
  /** Resolves when it has told of an event that often. */
  hears(event: string, times?: number): Promise<readonly Told[]>
}

/** Processes of a test that may be stopped and killed, and are gone when it is over. */
export class Workers {
  readonly #children = new Set<ChildProcess>()

  /** Runs a file below `test/seams` with its task as its only argument. */
  start(fileName: string, name: string, task: object): Worker {
    const file = fileURLToPath(new URL(`../seams/${fileName}`, import.meta.url))
    const child = spawn(
      process.execPath,
      ['--disable-warning=TimeoutNegativeWarning', file, JSON.stringify(task)],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    this.#children.add(child)
    const all: Told[] = []
    createInterface(child.stdout).on('line', (line) => all.push(JSON.parse(line)))
    const told = (event: string) => all.filter((each) => each.event === event)
    const hears = (event: string, times = 1) =>
      eventually(() => (told(event).length >= times ? told(event) : undefined), {
        timeoutMs: 30_000,
        what: `${name} to tell "${event}"`,
      })
    return { child, told, hears }
  }

  killAll(): void {
    for (const child of this.#children) child.kill('SIGKILL')
    this.#children.clear()
  }
}
