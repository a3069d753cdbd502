import { FlinkRefusedError } from '../errors.ts'
import { listJobs } from '../flink/cluster.ts'
import {
  type Gateway,
  type GatewaySession,
  openSession,
  type StatementResult,
} from '../flink/gateway.ts'
import type { Job } from '../script/job.ts'
import type { Script } from '../script/script.ts'
import type { Statement } from '../script/statements.ts'

/** Runs a job's script in the SQL gateway and returns the id of the job that it started. */
export async function runScript(
  job: Job,
  { settings, tables, statements }: Script,
  endpoints: Gateway & { readonly flinkUrl: string },
): Promise<string> {
  const session = await openSession(endpoints, settings)
  try {
    for (const sql of tables) await session.execute(sql)
    const jobIds: (string | undefined)[] = []
    for (const statement of statements) {
      jobIds.push((await executeAt(session, job, statement)).jobId)
    }
    return await startedJob(endpoints.flinkUrl, job, jobIds)
  } finally {
    await session.close()
  }
}

/** Runs one statement of a job's file. @throws FlinkRefusedError with file, line and Flink's message. */
export async function executeAt(
  session: GatewaySession,
  job: Job,
  { sql, line }: Statement,
): Promise<StatementResult> {
  try {
    return await session.execute(sql)
  } catch (error) {
    if (!(error instanceof FlinkRefusedError)) throw error
    const at = lineOf(error.message, line)
    const origin = job.origins[at - 1] ?? `${job.file}:${at}`
    throw new FlinkRefusedError(`${origin}: ${error.message}`, { cause: error })
  }
}

/** The line of an error in the job's SQL: Flink counts lines within a statement. */
export function lineOf(message: string, firstLine: number): number {
  const within = /\bline (\d+), column \d+/.exec(message)?.[1]
  return within === undefined ? firstLine : firstLine + Number(within) - 1
}

async function startedJob(flinkUrl: string, job: Job, ids: readonly (string | undefined)[]) {
  const id = ids.findLast((candidate) => candidate !== undefined)
  if (id !== undefined) return id
  const newest = (await listJobs(flinkUrl)).find((candidate) => candidate.name === job.name)
  if (newest !== undefined) return newest.id
  throw new FlinkRefusedError(`${job.file}: none of its statements started a job`)
}
