import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { stateFolderOf } from '@tenseams/cli/instance'
import type { Fence } from './page.ts'

/** What happened during a walk through a runbook. */
export type Entry = {
  /** ISO 8601, UTC. */
  readonly at: string
  readonly alert: string
  readonly what: 'opened' | 'ran' | 'refused' | 'note' | 'closed'
  readonly fence?: Pick<Fence, 'name' | 'kind' | 'section'>
  readonly labels?: Readonly<Record<string, string>>
  readonly command?: string
  readonly exitCode?: number
  /** Why there is no exit code, or who said no; or the text of a note. */
  readonly says?: string
  readonly tookMs?: number
  /** The end of what the commands wrote. */
  readonly output?: string
}

/** Enough to see later what was seen then. */
const MOST_OUTPUT = 4_000

/**
 * The notes of everybody who walks through a runbook on an instance: JSON, a line an entry, in the order of time. A line is appended
 * in one write, so two people may walk at the same time, and a crash leaves at most half a line, which is left out in reading.
 */
export class Timeline {
  readonly #file: string
  readonly #now: () => Date

  constructor(instance: string, now = () => new Date(), root?: string) {
    this.#file = join(stateFolderOf(instance, root), 'runbooks', 'timeline.jsonl')
    this.#now = now
  }

  add(entry: Omit<Entry, 'at'>): void {
    mkdirSync(dirname(this.#file), { recursive: true, mode: 0o700 })
    const output = entry.output?.slice(-MOST_OUTPUT)
    const line = {
      at: this.#now().toISOString(),
      ...entry,
      ...(output !== undefined && { output }),
    }
    appendFileSync(this.#file, `${JSON.stringify(line)}\n`, { mode: 0o600 })
  }

  /** @param alert only what was noted for it. */
  read(alert?: string): readonly Entry[] {
    if (!existsSync(this.#file)) return []
    return readFileSync(this.#file, 'utf8')
      .split('\n')
      .flatMap(entryIn)
      .filter((entry) => alert === undefined || entry.alert === alert)
  }
}

function entryIn(line: string): readonly Entry[] {
  if (line === '') return []
  try {
    return [JSON.parse(line)]
  } catch {
    return []
  }
}

/** For people: a line an entry. */
export function timelineText(entries: readonly Entry[]): string {
  return entries.map((entry) => `${entry.at}  ${entry.alert}  ${whatOf(entry)}`).join('\n')
}

function whatOf({ what, fence, labels, exitCode, says, tookMs }: Entry): string {
  const of = fence === undefined ? '' : ` ${fence.kind} ${fence.name}`
  const labelled = Object.entries(labels ?? {}).map(([name, value]) => `${name}=${value}`)
  const ended = exitCode === undefined ? '' : `exit code ${exitCode}`
  const took = tookMs === undefined ? '' : `after ${(tookMs / 1_000).toFixed(1)} s`
  const rest = [ended, says ?? '', took, ...labelled].filter((each) => each !== '')
  return `${what}${of}${rest.length > 0 ? `: ${rest.join(', ')}` : ''}`
}
