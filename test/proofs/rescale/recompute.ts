import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { aheadToleranceMs } from '@tenseams/contracts/generate/flink'
import { type Engine, quoteText } from '@tenseams/iceberg/duckdb'
import type { Row } from '@tenseams/iceberg/format/row'

type Cell = string | number | bigint | null
export type Cells = Readonly<Record<string, Cell>>

export type Rows = {
  /** The job's input. */
  readonly sent: readonly Cells[]
  /** The job's output by where it was written, such as `topic` and `gold`. */
  readonly found: Readonly<Record<string, { sessions: readonly Cells[]; late: readonly Cells[] }>>
}

/** In milliseconds. */
export type IntervalsMs = {
  readonly delay: number
  readonly gap: number
  readonly term: number
  readonly skew: number
}

const sentColumns = {
  ...{ input: 'VARCHAR', part: 'INTEGER', off: 'BIGINT', event_id: 'VARCHAR' },
  ...{ stream_id: 'VARCHAR', et: 'BIGINT', customer_id: 'VARCHAR', currency: 'VARCHAR' },
  ...{ amount_minor: 'BIGINT', logged: 'BIGINT' },
}

const columns = {
  sessions: {
    ...{ window_start: 'BIGINT', window_end: 'BIGINT', customer_id: 'VARCHAR' },
    ...{ currency: 'VARCHAR', orders: 'BIGINT', amount_minor: 'BIGINT' },
    ...{ paid_orders: 'BIGINT', time_to_pay_ms: 'BIGINT' },
  },
  late: {
    ...{ input: 'VARCHAR', event_id: 'VARCHAR', stream_id: 'VARCHAR', et: 'BIGINT' },
    ...{ watermark: 'BIGINT', currency: 'VARCHAR', amount_minor: 'BIGINT' },
  },
} as const

const kinds = ['sessions', 'late'] as const

export type Compared = {
  readonly due: { readonly sessions: number; readonly late: number }
  /** Differences between output and expectation; a row that occurs twice is one difference. */
  readonly differences: readonly string[]
}

/** Recomputes the expected rows from the sent records, and compares them with the rows that were found. */
export async function compareWithBatch(
  engine: Engine,
  rows: Rows,
  intervals: IntervalsMs,
): Promise<Compared> {
  const folder = mkdtempSync(join(tmpdir(), 'tenseams-rescale-'))
  try {
    return await engine.using(async (connection) => {
      const ask = async (sql: string) =>
        (await connection.runAndReadAll(sql)).getRowObjectsJS() as readonly Row[]
      const load = async (
        table: string,
        types: Readonly<Record<string, string>>,
        all: readonly Cells[],
      ) => {
        const file = join(folder, `${table}.csv`)
        writeFileSync(file, csvOf(Object.keys(types), all))
        await ask(`CREATE OR REPLACE TABLE ${table} AS ${readCsv(file, types)}`)
      }
      await load('sent', sentColumns, rows.sent)
      await ask(
        `CREATE OR REPLACE TABLE intervals AS SELECT ${intervalsSql({ ...intervals, ahead: aheadToleranceMs })}`,
      )
      const sql = readFileSync(new URL('recompute.sql', import.meta.url), 'utf8')
      await ask(sql.replaceAll('CREATE TABLE', 'CREATE OR REPLACE TABLE'))
      const differences: string[] = []
      for (const [place, found] of Object.entries(rows.found)) {
        for (const kind of kinds) {
          await load(`found_${kind}`, columns[kind], found[kind])
          differences.push(...(await differencesOf(ask, kind, place)))
        }
      }
      const countOf = async (kind: string) =>
        Number((await ask(`SELECT count(*) AS n FROM due_${kind}`))[0]?.n)
      return {
        due: { sessions: await countOf('sessions'), late: await countOf('late') },
        differences,
      }
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function differencesOf(
  ask: (sql: string) => Promise<readonly Row[]>,
  kind: (typeof kinds)[number],
  place: string,
): Promise<readonly string[]> {
  const names = Object.keys(columns[kind])
  const list = names.join(', ')
  const told = names.map((name) => `'${name} ' || left(${name}::VARCHAR, 24)`).join(" || ', ' || ")
  const found = `SELECT ${list} FROM found_${kind}`
  const due = `SELECT ${list} FROM due_${kind}`
  const questions = {
    'more often than due': `(${found} EXCEPT ALL ${due}) INTERSECT ${due}`,
    'not due': `${found} EXCEPT ${due}`,
    missing: `${due} EXCEPT ALL ${found}`,
  }
  const lines: string[] = []
  for (const [what, sql] of Object.entries(questions)) {
    const [answer] = await ask(`SELECT count(*) AS n, min(${told}) AS example FROM (${sql})`)
    const n = Number(answer?.n)
    if (n === 0) continue
    lines.push(`${kind} in ${place}: ${n} rows ${what}, such as ${String(answer?.example)}`)
  }
  return lines
}

const intervalsSql = (intervals: Readonly<Record<string, number>>) =>
  Object.entries(intervals)
    .map(([name, ms]) => `${ms}::BIGINT AS ${name}`)
    .join(', ')

function readCsv(file: string, types: Readonly<Record<string, string>>): string {
  const typed = Object.entries(types).map(([name, type]) => `${name}: '${type}'`)
  const options = `header = false, nullstr = '', auto_detect = false, columns = {${typed.join(', ')}}`
  return `SELECT * FROM read_csv(${quoteText(file)}, ${options})`
}

/** No name in this proof has a comma or a quote. */
const csvOf = (names: readonly string[], all: readonly Cells[]) =>
  all.map((row) => `${names.map((name) => row[name] ?? '').join(',')}\n`).join('')
