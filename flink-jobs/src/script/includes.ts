import { JobError } from '../errors.ts'

/** A text with its includes, and where each of its lines is written, such as `flink-jobs/views/a.sql:3`. */
export type Included = { readonly sql: string; readonly origins: readonly string[] }

/** A line of its own. For Flink it is a comment, so a file with includes is still valid SQL. */
const directive = /^-- include: (\S+)$/

/**
 * Replaces each line `-- include: <path from flink-jobs/>` by that file, so that jobs can share views. An included file
 * includes no others.
 *
 * @throws JobError when a file does not exist.
 */
export function withIncludes(
  file: string,
  text: string,
  read: (path: string) => string | undefined,
): Included {
  const lines = linesOf(file, text).flatMap((line) => {
    const path = directive.exec(line.text)?.[1]
    if (path === undefined) return [line]
    const included = read(path)
    if (included === undefined) throw new JobError(`${line.origin}: there is no flink-jobs/${path}`)
    return linesOf(`flink-jobs/${path}`, included.trimEnd())
  })
  return {
    sql: lines.map((line) => line.text).join('\n'),
    origins: lines.map(({ origin }) => origin),
  }
}

function linesOf(file: string, text: string) {
  return text.split('\n').map((line, index) => ({ text: line, origin: `${file}:${index + 1}` }))
}
