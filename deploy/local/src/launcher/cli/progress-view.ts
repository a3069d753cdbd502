import { Listr, type ListrTaskWrapper } from 'listr2'
import type { Planned } from '../plan/plan.ts'
import type { OnProgress, Progress } from '../supervise/run-plan.ts'

/** Shows the progress of a start. */
export type View = {
  readonly onPlan: (plan: readonly Planned[]) => void
  readonly onProgress: OnProgress
  /** Ends the view; parts that were not started are marked so. Must be called and awaited. */
  close(): Promise<void>
}

/** A live list on a terminal, plain lines elsewhere. */
export function viewFor(stream: NodeJS.WriteStream): View {
  return stream.isTTY ? listView() : lineView((line) => stream.write(`${line}\n`))
}

/** One line for each event. */
export function lineView(write: (line: string) => void): View {
  return {
    onPlan: (plan) => write(`starting ${plan.length} parts`),
    onProgress: (progress) => {
      const line = progressLine(progress)
      if (line !== undefined) write(line)
    },
    close: async () => undefined,
  }
}

const words: Readonly<Record<Progress['state'], string | undefined>> = {
  starting: undefined,
  stopping: undefined,
  ready: 'ready',
  'runs already': 'runs already',
  failed: 'FAILED',
  stopped: 'stopped',
}

/** A line for people; undefined for an event that needs none. */
export function progressLine({ part, state, durationMs, error }: Progress): string | undefined {
  const word = words[state]
  if (word === undefined) return undefined
  const line = `${seconds(durationMs).padStart(7)}  ${word.padEnd(12)}  ${part.name}`
  return error instanceof Error ? `${line}: ${error.message}` : line
}

export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`
}

type Row = {
  readonly end: PromiseWithResolvers<void>
  task?: Pick<ListrTaskWrapper<unknown, never, never>, 'title' | 'skip'>
}

function listView(): View {
  const rows = new Map<string, Row>()
  let shown: Promise<unknown> = Promise.resolve()
  return {
    onPlan: (plan) => {
      for (const { part } of plan) rows.set(part.name, { end: Promise.withResolvers() })
      shown = listOf(plan, rows).run()
    },
    onProgress: (progress) => {
      const row = rows.get(progress.part.name)
      if (row !== undefined) update(row, progress)
    },
    close: async () => {
      for (const { end, task } of rows.values()) {
        task?.skip('not started')
        end.resolve()
      }
      await shown
    },
  }
}

function listOf(plan: readonly Planned[], rows: ReadonlyMap<string, Row>): Listr {
  const tasks = plan.map(({ part, needs }) => ({
    title: needs.length === 0 ? part.title : `${part.title} · waits for ${needs.join(', ')}`,
    task: (_: unknown, task: Row['task'] & object) => {
      const row = rows.get(part.name)
      if (row === undefined) return
      row.task = task
      return row.end.promise
    },
  }))
  return new Listr(tasks, {
    concurrent: true,
    exitOnError: false,
    // Ctrl-C is handled by the verb, which stops what has been started.
    registerSignalListeners: false,
  })
}

function update(row: Row, { part, state, durationMs, error }: Progress): void {
  if (state === 'stopping' || state === 'stopped') return
  if (row.task !== undefined) {
    row.task.title = state === 'starting' ? part.title : `${part.title} · ${seconds(durationMs)}`
  }
  if (state === 'failed') row.end.reject(error)
  else if (state !== 'starting') row.end.resolve()
}
