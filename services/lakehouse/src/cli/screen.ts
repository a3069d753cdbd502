import { complain } from '@tenseams/cli/output'
import { Engine } from '@tenseams/iceberg/duckdb'
import type { Row } from '@tenseams/iceberg/format/row'
import { jsonLines, tableText } from './table-text.ts'

/** Where a verb of `npm run lake` writes to. */
export type LakeScreen = {
  /** Rows, to stdout: nothing else goes there. */
  readonly show: (rows: readonly Row[]) => void
  /** Progress and results, one line each, to stderr. */
  readonly tell: (line: string) => void
}

export function openScreen(json: boolean): LakeScreen {
  return {
    show: (rows) => void process.stdout.write(json ? jsonLines(rows) : tableText(rows)),
    tell: complain,
  }
}

/** Lends a DuckDB for the time of `work`. */
export async function withEngine<Made>(work: (engine: Engine) => Promise<Made>): Promise<Made> {
  const engine = await Engine.open({ memoryLimit: '1GB', threads: 2 })
  try {
    return await work(engine)
  } finally {
    engine.close()
  }
}
