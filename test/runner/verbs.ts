import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { rootFolder } from './program.ts'

/** Each verb's file, from the table at the head of begin.js, which cannot be imported: it begins at once. */
export const verbs: ReadonlyMap<string, string> = new Map(
  [
    ...readFileSync(join(rootFolder, 'deploy/local/begin.js'), 'utf8').matchAll(
      /^ {2}'?([\w:-]+)'?: \[\s*'([\w./-]+)'/gm,
    ),
  ].map(([, verb = '', file = '']) => [verb, file]),
)
