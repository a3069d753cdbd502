import { credentialsFileIn } from '@tenseams/identities/store'
import { readCounters, unusedTableRights } from '@tenseams/postgres/unused'
import { messageOf } from '@tenseams/service/causes'
import type { Asked, Unused } from './asked.ts'

const server = 'Postgres'

/** From Postgres' own counters, which are of tables and not of roles. */
export async function unusedInPostgres({ paths, endpoints, since }: Asked): Promise<Unused> {
  try {
    const admin = credentialsFileIn({ folder: paths.secrets }, 'admin')
    const counters = await readCounters(endpoints.postgres, admin)
    const isLater = since !== undefined && counters.since > since
    return {
      server,
      rights: unusedTableRights(counters),
      known: [
        `since ${counters.since.toISOString()}${isLater ? ', when it began to count anew' : ''}`,
        'it counts by table, so these are the rights that nobody used, whoever has them',
      ].join('; '),
    }
  } catch (error) {
    return { server, rights: undefined, known: `it cannot be asked: ${messageOf(error)}` }
  }
}
