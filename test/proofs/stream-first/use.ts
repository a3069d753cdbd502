import type { Stack } from '@tenseams/local/launcher/supervise/stack'
import type pg from 'pg'
import { microsBetween, type ThreadTimes, threadTimesOf } from '../../bench/eos/cpu.ts'
import { readUse, runningParts, type Use, usedBetween } from '../../load/observe/parts.ts'
import type { World } from './world.ts'

/** What Postgres did for some changes, and how much of it for their reader. */
export type PostgresUse = {
  readonly cpuMs: number
  readonly readerCpuMs: number
  /** Fetched by an index, whoever asked. */
  readonly rowsFetched: number
  readonly transactions: number
  readonly readerStatements: number
  readonly readerRows: number
}

type Reading = {
  readonly use: Use
  readonly reader: ThreadTimes
  readonly counters: { readonly fetched: number; readonly transactions: number }
  readonly asked: World['reader']['asked']
}

/** Measures Postgres while `work` is done. */
export async function postgresUseOf(
  stack: Stack,
  pool: pg.Pool,
  world: World,
  work: () => Promise<void>,
): Promise<PostgresUse> {
  const before = await read(stack, pool, world)
  await work()
  const after = await read(stack, pool, world)
  return {
    cpuMs: usedBetween(before.use, after.use, 'postgres'),
    readerCpuMs: microsBetween(before.reader, after.reader) / 1_000,
    rowsFetched: after.counters.fetched - before.counters.fetched,
    transactions: after.counters.transactions - before.counters.transactions,
    readerStatements: after.asked.statements - before.asked.statements,
    readerRows: after.asked.rows - before.asked.rows,
  }
}

async function read({ context }: Stack, pool: pg.Pool, world: World): Promise<Reading> {
  const pids = await pool.query<{ pid: number }>(world.readerPids)
  const { rows } = await pool.query<{ fetched: string; transactions: string }>(
    `select tup_fetched as fetched, xact_commit + xact_rollback as transactions
       from pg_stat_database where datname = 'shop'`,
  )
  const [counted] = rows
  return {
    use: readUse(runningParts(context.paths)),
    reader: new Map(pids.rows.flatMap(({ pid }) => [...threadTimesOf(pid)])),
    counters: {
      fetched: Number(counted?.fetched),
      transactions: Number(counted?.transactions),
    },
    asked: { ...world.reader.asked },
  }
}
