import { setTimeout as pause } from 'node:timers/promises'
import type { HttpLogin } from '@tenseams/identities/http-login'
import { FlinkRefusedError, FlinkUnavailableError } from '../errors.ts'
import { type Answer, call } from './http.ts'

/** The result of a statement. Numbers are JSON numbers: cast a BIGINT that may exceed 2^53 to STRING. */
export type StatementResult = {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly unknown[])[]
  /** Of an INSERT or a statement set. */
  readonly jobId: string | undefined
}

export type GatewaySession = {
  /**
   * Runs one statement and waits for its whole result.
   *
   * @throws FlinkRefusedError with Flink's root message; FlinkUnavailableError when the time is up: the statement may
   *   have been executed nevertheless.
   */
  readonly execute: (
    sql: string,
    options?: { readonly timeoutMs?: number },
  ) => Promise<StatementResult>
  /** Closes the session; jobs that it started keep running. */
  readonly close: () => Promise<void>
}

const requestTimeoutMs = 30_000
/** A cold planner needs 15 s for its first statement and 40 s for its first statement set. */
const statementTimeoutMs = 180_000
const maxRows = 100_000

/** The SQL gateway, e.g. at `http://127.0.0.1:8083`, with the login of somebody who may run SQL there. */
export type Gateway = { readonly gatewayUrl: string; readonly login: HttpLogin }

/** Opens a session of the SQL gateway. `settings` act like SET statements. */
export async function openSession(
  { gatewayUrl: url, login }: Gateway,
  settings: Readonly<Record<string, string>> = {},
): Promise<GatewaySession> {
  const api = `${url}/v2/sessions`
  const opened = await call(api, {
    method: 'POST',
    body: { properties: settings },
    timeoutMs: requestTimeoutMs,
    login,
  })
  const session = `${api}/${String(opened.sessionHandle)}`
  return {
    execute: async (sql, { timeoutMs = statementTimeoutMs } = {}) => {
      const deadline = Date.now() + timeoutMs
      const started = await call(`${session}/statements`, {
        method: 'POST',
        body: { statement: sql },
        timeoutMs: requestTimeoutMs,
        login,
      })
      const operation = `${session}/operations/${String(started.operationHandle)}`
      return result({ gatewayUrl: url, login }, `${operation}/result/0?rowFormat=JSON`, deadline)
    },
    close: async () => {
      await call(session, { method: 'DELETE', timeoutMs: requestTimeoutMs, login })
    },
  }
}

/** Fetches a result page by page, and polls for a page that is not ready until the deadline. */
async function result(
  { gatewayUrl, login }: Gateway,
  first: string,
  deadline: number,
): Promise<StatementResult> {
  const rows: (readonly unknown[])[] = []
  let columns: readonly string[] = []
  let jobId: string | undefined
  let next: string | undefined = first
  while (next !== undefined) {
    const page = await call(next, { timeoutMs: requestTimeoutMs, login })
    rows.push(...rowsOf(page))
    columns = columnsOf(page) ?? columns
    jobId = typeof page.jobID === 'string' ? page.jobID : jobId
    if (rows.length > maxRows)
      throw new FlinkRefusedError(`the result has more than ${maxRows} rows`)
    if (page.resultType === 'EOS') break
    if (page.resultType !== 'NOT_READY') {
      next = typeof page.nextResultUri === 'string' ? gatewayUrl + page.nextResultUri : undefined
    }
    if (Date.now() > deadline) throw new FlinkUnavailableError('the statement took too long')
    if (rowsOf(page).length === 0) await pause(100)
  }
  return { columns, rows, jobId }
}

type Results = {
  readonly columns?: readonly { readonly name: string }[]
  readonly data?: readonly { readonly fields: readonly unknown[] }[]
}

function resultsOf(page: Answer): Results {
  // The gateway's documented shape (OpenAPI, v2).
  return (page.results ?? {}) as Results
}

function rowsOf(page: Answer): readonly (readonly unknown[])[] {
  return resultsOf(page).data?.map((row) => row.fields) ?? []
}

function columnsOf(page: Answer): readonly string[] | undefined {
  return resultsOf(page).columns?.map((column) => column.name)
}
