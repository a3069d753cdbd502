import { eventually } from '@tenseams/local/launcher/host/wait'
import { openLake } from '../support/lake/open-lake.ts'
import { adminPool } from '../support/shop.ts'
import { losePublication, loseSlot, type Scene, snapshotUnderFire } from './cdc/losses.ts'
import { RawTables } from './cdc/tables.ts'
import { CatalogueWriter } from './cdc/writer.ts'
import type { Claim, Proving, Verdict } from './claim.ts'
import { silverEqualsCaptured } from './medallion/silver.ts'

const OLD_ROWS = 20_000
const PAUSE_MS = 5
const LONGEST_LIST = 5
const EQUAL_MS = 45_000

/** The topics of raw changes equal Postgres, row by row, whatever was lost in between. */
export const cdc: Claim = {
  name: 'cdc',
  says: 'raw changes equal Postgres row by row after kills, a lost slot and a lost publication, each recovered as documented',
  breaks: {
    'no-resnapshot': 'slot and publication are made anew, and nothing is read again',
    'forget-deletes': 'a reader that does not end what a full snapshot has not told',
  },
  numbers: {
    kills: { default: 3, least: 1, most: 20, what: 'kills of Connect during a snapshot' },
    seed: { default: 1, least: 1, most: 1_000_000, what: 'chooses what is written' },
    debezium: { default: 3, least: 2, most: 3, what: 'its line: 3 for 3.6, 2 for 2.7' },
  },
  settings: ({ debezium }) => ({
    silverIntervalMs: 1_000,
    debezium: debezium === 2 ? '2.7' : '3.6',
  }),
  only: ['connectors', 'lakehouse'],
  prove: async (stack, proving) => {
    const pool = adminPool(stack)
    const tables = await RawTables.open(stack)
    const writer = new CatalogueWriter(pool, proving.numbers.seed ?? 1)
    try {
      await writer.fill(OLD_ROWS)
      writer.begin(PAUSE_MS)
      return await underFire({ stack, pool, tables, writer }, proving)
    } finally {
      await writer.stop()
      await tables.close()
      await pool.end()
    }
  },
}

async function underFire(
  scene: Scene,
  { broken, numbers: { kills = 3 }, say }: Proving,
): Promise<Verdict> {
  const { pool, tables, writer } = scene
  const repair = broken === 'no-resnapshot' ? broken : 'recover'
  const fire = broken === undefined ? kills : 0
  const { inTime, untold } = await snapshotUnderFire(scene, fire)
  say(`a snapshot under live writes, ${inTime} of ${fire} kills during it`)
  await loseSlot(scene, repair)
  say(`the slot was lost: ${repair}`)
  await losePublication(scene, repair)
  say(`the publication was without a table: ${repair}`)
  await writer.stop()
  const differences = () =>
    tables.differences(pool, { endedBySnapshot: broken !== 'forget-deletes' })
  await eventually(async () => (await differences()).length === 0, {
    timeoutMs: EQUAL_MS,
    what: 'the topics to be as Postgres is',
  }).catch(() => undefined)
  const different = await differences()
  const inSilver = broken === undefined ? await silverDifferences(scene) : []
  const lines = [
    `${writer.writes} writes; ${inTime} of ${fire} kills during the snapshot`,
    ...finding('every row was told by the snapshot or since', untold),
    ...finding('the topics are Postgres, row by row', different),
    ...(broken === undefined ? finding('silver is Postgres, row by row', inSilver) : []),
  ]
  if (untold.length + different.length + inSilver.length > 0) return { kind: 'refuted', lines }
  return { kind: inTime < fire ? 'undecided' : 'holds', lines }
}

/** The differences between the lake and Postgres, after the lake has had time to read everything. */
async function silverDifferences({ stack, pool }: Scene): Promise<readonly string[]> {
  const ports = await openLake(stack.endpoints.catalogUrl)
  let found: readonly string[] = ['silver was not compared']
  const isEqual = async () => {
    found = await silverEqualsCaptured(ports, pool)
    return found.length === 0
  }
  await eventually(isEqual, { timeoutMs: 2 * EQUAL_MS, what: 'silver to be as Postgres is' }).catch(
    () => undefined,
  )
  ports.engine.close()
  return found
}

function finding(name: string, offenders: readonly string[]): readonly string[] {
  if (offenders.length === 0) return [`ok       ${name}`]
  const listed = offenders.slice(0, LONGEST_LIST).map((offender) => `         ${offender}`)
  return [`BROKEN   ${name}: ${offenders.length} rows; the first:`, ...listed]
}
