import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Paths } from '../launcher/host/paths.ts'
import type { Endpoints } from '../launcher/plan/endpoints.ts'

/** Of which instance, and of which times, unused rights are looked for. */
export type Asked = {
  readonly paths: Paths
  readonly endpoints: Pick<Endpoints, 'postgres'>
  /** Since the instance was made when left out. */
  readonly since?: Date | undefined
  /** Times in which somebody only tried what is allowed. */
  readonly leftOut?: readonly Period[]
}

export type Period = { readonly from: Date; readonly to: Date }

/** The rights at one kind of server that were not used. */
export type Unused = {
  readonly server: string
  /** A sentence each; undefined when it is not known. */
  readonly rights: readonly string[] | undefined
  /** Since when it is known and what is not, or why nothing is. */
  readonly known: string
}

/** Whether a use at that time counts. */
export function counts({ since, leftOut = [] }: Asked, at: Date): boolean {
  return (
    (since === undefined || at >= since) && !leftOut.some(({ from, to }) => at >= from && at <= to)
  )
}

/** The times of a log that are there, as part of a sentence. */
export function sinceText({ since }: Asked, oldest: string): string {
  return `since ${since !== undefined && since.toISOString() > oldest ? since.toISOString() : oldest}`
}

/** The names in a folder that match, sorted; none when there is no folder. */
export function filesIn(folder: string, pattern: RegExp): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => pattern.test(name))
      .toSorted()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}

/** The whole lines of the files. Whatever follows the last line break is still being written. */
export function* linesIn(folder: string, names: readonly string[]): Generator<string> {
  for (const name of names) {
    yield* readFileSync(join(folder, name), 'utf8').split('\n').slice(0, -1)
  }
}
