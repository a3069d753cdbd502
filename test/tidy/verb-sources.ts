import { posix } from 'node:path'
import type { Help } from './commands.ts'
import { importedFrom } from './imports.ts'
import { packageRooms } from './rooms.ts'
import type { Tree } from './tree.ts'

const BEGIN = 'deploy/local/begin.js'

/**
 * What a verb's own file, and the files that it imports, say: its `--help` is made of texts that are there. So a word or an option that
 * stands nowhere is known to no verb, which is found without starting one; test/runner/documented-commands.test.ts asks the verbs themselves.
 */
export function verbSources(tree: Tree): Help {
  const verbs = new Map(
    [...(tree.get(BEGIN) ?? '').matchAll(/^ {2}'?([\w:-]+)'?: \[\s*'([\w./-]+)'/gm)].map(
      ([, verb = '', file = '']) => [verb, file],
    ),
  )
  const rooms = packageRooms(tree)
  return async (verb) => [...textsOf(tree, rooms, verbs.get(verb) ?? '')].join('\n')
}

/** The text of a file and of those of its folder and of packages/cli that it imports, also by way of each other. */
function textsOf(tree: Tree, rooms: ReadonlyMap<string, string>, entry: string): readonly string[] {
  const seen = new Set([entry])
  const isNear = (file: string) =>
    file.endsWith('.ts') &&
    (posix.dirname(file) === posix.dirname(entry) || file.startsWith('packages/cli/'))
  for (const file of seen) {
    const imported = importedFrom(file, tree.get(file) ?? '').map((source) =>
      fileOf(file, source, rooms),
    )
    for (const each of imported) if (isNear(each)) seen.add(each)
  }
  return [...seen].map((file) => tree.get(file) ?? '')
}

function fileOf(from: string, source: string, rooms: ReadonlyMap<string, string>): string {
  if (source.startsWith('.')) return posix.join(posix.dirname(from), source)
  const [scope = '', name = '', ...rest] = source.split('/')
  return `${rooms.get(`${scope}/${name}`)}/src/${rest.join('/')}.ts`
}
