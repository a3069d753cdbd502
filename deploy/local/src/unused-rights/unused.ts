import type { Asked, Unused } from './asked.ts'
import { unusedInFlink } from './flink.ts'
import { unusedInKafka } from './kafka.ts'
import { unusedRoutes } from './routes.ts'
import { unusedInPostgres } from './tables.ts'

/** The declared rights that were not used, of each kind of server that can tell. Changes nothing. */
export async function unusedRights(asked: Asked): Promise<readonly Unused[]> {
  return [
    unusedInKafka(asked),
    unusedRoutes(asked),
    unusedInFlink(asked),
    await unusedInPostgres(asked),
  ]
}

const untold =
  'the registry, Connect and the catalogue: not known: they keep no list of who asked for what'

/** The list for people. */
export function linesOf(unused: readonly Unused[]): readonly string[] {
  const known = unused.flatMap((each) => [
    `${each.server}: ${sumOf(each.rights)}: ${each.known}`,
    ...(each.rights ?? []).map((right) => `  ${right}`),
  ])
  return [...known, untold]
}

function sumOf(rights: Unused['rights']): string {
  if (rights === undefined) return 'not known'
  return rights.length === 0 ? 'every right was used' : `${rights.length} not used`
}
