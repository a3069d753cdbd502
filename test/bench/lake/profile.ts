import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

type CallFrame = { readonly functionName: string; readonly url: string }

/** The parts of a `node --cpu-prof` file that are read here. */
export type Profile = {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

export type Share = { readonly group: string; readonly share: number }

const IDLE = 'idle'

/** Groups of functions by their file; the first match counts. */
const groups: readonly (readonly [RegExp, string])[] = [
  [/node_modules\/kafkajs|packages\/kafka\//, 'kafkajs'],
  [/node_modules\/(avsc|@kafkajs)|contracts\/|packages\/codec|bronze\/batch/, 'decode'],
  [/services\/lakehouse/, 'service: rows, buffers, metrics'],
  [/iceberg\/src\/(write\/parquet|duckdb)|node_modules\/@duckdb/, 'rows into DuckDB'],
  [/packages\/iceberg/, 'manifests, commit'],
  [/undici|internal\/deps/, 'HTTP'],
  [/zlib/, 'gzip'],
  [/^node:|node:internal/, "Node's own"],
]

/** The group of a function. Native code has a name only. */
export function groupOf({ functionName, url }: CallFrame): string {
  if (functionName === '(idle)') return IDLE
  if (functionName === '(garbage collector)') return 'garbage collector'
  if (functionName === '(program)') return 'native code'
  return groups.find(([pattern]) => pattern.test(url))?.[1] ?? 'others'
}

/** The main thread's busy time by group, the greatest first. */
export function sharesOf({ nodes, samples, timeDeltas }: Profile): readonly Share[] {
  const groupById = new Map(nodes.map(({ id, callFrame }) => [id, groupOf(callFrame)]))
  const micros = new Map<string, number>()
  for (const [index, id] of samples.entries()) {
    const group = groupById.get(id) ?? IDLE
    if (group !== IDLE) micros.set(group, (micros.get(group) ?? 0) + (timeDeltas[index] ?? 0))
  }
  const all = [...micros.values()].reduce((sum, each) => sum + each, 0)
  return [...micros]
    .map(([group, each]) => ({ group, share: each / all }))
    .toSorted((a, b) => b.share - a.share)
}

/** The profile that a process wrote into its own folder when it ended. */
export function readProfile(folder: string): Profile {
  const [name] = globSync('*.cpuprofile', { cwd: folder })
  if (name === undefined) throw new Error(`no profile in ${folder}`)
  return JSON.parse(readFileSync(join(folder, name), 'utf8')) as Profile
}
