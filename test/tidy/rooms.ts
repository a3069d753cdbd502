import { posix } from 'node:path'
import { importedFrom } from './imports.ts'
import { filesNamed, type Tree } from './tree.ts'

/**
 * Which rooms a room may import. `event-store`, `kafka` and `iceberg` exchange data (a row, a record, an offset), so
 * none imports another. `test` may import anything and is imported by nothing.
 */
const mayImport: Readonly<Record<string, readonly string[] | 'anything'>> = {
  'packages/decider': [],
  'packages/codec': [],
  'packages/cli': [],
  'packages/telemetry': [],
  // Who everybody is, and with what they log in.
  'packages/identities': [],
  // `iceberg` for the gate, which evolves a contract's table and writes its Parquet as the lakehouse does.
  // `kafka` for logins, rights and quotas, so that settings of security are in one place.
  // `observability` for the dashboards, which `generate` writes with the other files.
  contracts: [
    'deploy/observability',
    'packages/codec',
    'packages/cli',
    'packages/iceberg',
    'packages/identities',
    'packages/kafka',
  ],
  'packages/service': ['packages/identities', 'packages/telemetry'],
  // `service` has what every process needs: rounds of periodic work, backoff, the causes of an error.
  'packages/event-store': [
    'packages/decider',
    'packages/identities',
    'packages/service',
    'packages/telemetry',
  ],
  'packages/kafka': [
    'packages/cli',
    'packages/identities',
    'packages/service',
    'packages/telemetry',
  ],
  // Services meet the payment provider by it.
  'packages/provider': ['packages/service', 'packages/telemetry'],
  'packages/rollout': ['packages/decider', 'packages/service'],
  'packages/iceberg': ['packages/identities', 'packages/service', 'packages/telemetry'],
  'services/*': ['contracts', 'packages/*'],
  'flink-jobs': [
    'contracts',
    'packages/codec',
    'packages/cli',
    'packages/identities',
    'packages/kafka',
    'packages/iceberg',
  ],
  // Not deploy/demonstration: the launcher starts instances without it.
  'deploy/*': [
    'contracts',
    'packages/*',
    'deploy/debezium',
    'deploy/local',
    'deploy/observability',
    'deploy/postgres',
    'flink-jobs',
  ],
  test: 'anything',
}

type Import = { readonly file: string; readonly source: string }

/** Every import that leaves its room for one that it may not enter, or that slips past a room's package name. */
export function forbiddenImports(tree: Tree): readonly string[] {
  const packages = packageRooms(tree)
  return modules(tree).flatMap((entry) => judgeImport(entry, packages) ?? [])
}

/** A domain file decides without touching the world: it may import `decider` and its own folder, nothing else. */
export function impureDomains(tree: Tree): readonly string[] {
  return modules(tree)
    .filter(({ file }) => /^services\/[^/]+\/src\/domain\//.test(file) && !isTest(file))
    .filter(({ source }) => !source.startsWith('./') && !source.startsWith('@tenseams/decider/'))
    .map(({ file, source }) => `${file} imports ${source}: a domain imports the decider only`)
}

function judgeImport(entry: Import, packages: ReadonlyMap<string, string>): string | undefined {
  const { file, source } = entry
  const from = roomOf(file)
  if (source.startsWith('.')) {
    const to = roomOf(posix.join(posix.dirname(file), source))
    if (to === from || from === 'test') return undefined
    return `${file} imports ${source}: another room is imported by its package's name`
  }
  if (!source.startsWith('@tenseams/')) return undefined
  const to = packages.get(source.split('/').slice(0, 2).join('/'))
  if (to === undefined) return `${file} imports ${source}: no room has that name`
  const allowed = allowedFrom(from)
  if (allowed === undefined) return `${from} has no line in test/tidy/rooms.ts`
  if (to === from || allowed === 'anything' || allowed.includes(to)) return undefined
  if (allowed.includes(`${to.split('/')[0]}/*`)) return undefined
  return `${file} imports ${source}: ${from} may not import ${to}`
}

function allowedFrom(room: string): readonly string[] | 'anything' | undefined {
  return mayImport[room] ?? mayImport[`${room.split('/')[0]}/*`]
}

function roomOf(path: string): string {
  const [first = '', second = ''] = path.split('/')
  return ['packages', 'services', 'deploy'].includes(first) ? `${first}/${second}` : first
}

export function packageRooms(tree: Tree): ReadonlyMap<string, string> {
  const manifests = filesNamed(tree, /\/package\.json$/)
  return new Map(
    manifests.map(([path, text]) => [String(JSON.parse(text).name), posix.dirname(path)]),
  )
}

function modules(tree: Tree): readonly Import[] {
  return filesNamed(tree, /\.(?:ts|js|mjs)$/).flatMap(([file, text]) =>
    importedFrom(file, text).map((source) => ({ file, source })),
  )
}

function isTest(file: string): boolean {
  return file.endsWith('.test.ts')
}
