import { join } from 'node:path'
import { messageOf } from '@tenseams/codec/errors'
import { JobError } from '../errors.ts'
import {
  runningJob,
  stopWithSavepoint,
  waitUntilEnded,
  waitUntilRunning,
} from '../flink/cluster.ts'
import type { Gateway } from '../flink/gateway.ts'
import { flinkFileUrl } from '../script/file-url.ts'
import type { Job } from '../script/job.ts'
import { type Script, savepointFolder } from '../script/script.ts'
import { assertSameIntervals, keepSubmission, keptSubmission } from './kept-submission.ts'
import { incompatibilities, planOf } from './plan.ts'
import { runScript } from './run-script.ts'
import type { JobEndpoints } from './submit.ts'

export type UpgradeOptions = {
  readonly endpoints: Pick<JobEndpoints, 'gatewayUrl' | 'flinkUrl' | 'login' | 'stateFolder'>
  readonly onProgress?: (line: string) => void
}

export type Upgraded =
  | { readonly outcome: 'unchanged'; readonly jobId: string }
  | { readonly outcome: 'upgraded'; readonly jobId: string; readonly savepoint: string }

const stepTimeoutMs = 120_000

/**
 * Replaces the script of a running job: stops the job with a savepoint and starts the new script from it. Whether the new
 * SQL compiles and whether its state fits is checked first, while the job still runs. If Flink refuses the savepoint
 * nevertheless, the previous script is started again from it.
 *
 * After a crash of the caller between the two runs, the savepoint is the job's newest restore point, and `submit` restores
 * from it.
 *
 * @throws JobError with the reason and what to do instead; FlinkRefusedError with file, line and Flink's message;
 *   FlinkUnavailableError. After the first two, the previous script runs.
 */
export async function upgradeJob(
  job: Job,
  script: Script,
  { endpoints, onProgress = () => undefined }: UpgradeOptions,
): Promise<Upgraded> {
  const { flinkUrl, stateFolder } = endpoints
  const running = await runningJob(flinkUrl, job.name)
  const kept = keptSubmission(stateFolder, job.name)
  if (running === undefined || kept === undefined) {
    throw new JobError(`${job.name} does not run: \`npm run jobs -- submit ${job.name}\` starts it`)
  }
  assertSameIntervals(stateFolder, job)
  if (isSame(kept.script, script)) return { outcome: 'unchanged', jobId: running.id }
  onProgress(`${job.name}: comparing the plans`)
  await assertCompatible(job, kept.script, script, endpoints)
  onProgress(`${job.name}: stopping with a savepoint`)
  const folder = flinkFileUrl(join(stateFolder, savepointFolder(job.name)))
  const savepoint = await stopWithSavepoint(endpoints, running.id, folder, stepTimeoutMs)
  await waitUntilEnded(flinkUrl, running.id, stepTimeoutMs)
  onProgress(`${job.name}: starting the new SQL from ${savepoint}`)
  try {
    const jobId = await startFrom(job, script, savepoint, endpoints)
    keepSubmission(stateFolder, job, script, { overrides: kept.overrides })
    return { outcome: 'upgraded', jobId, savepoint }
  } catch (error) {
    onProgress(`${job.name}: refused, starting the previous SQL again`)
    await startFrom(job, kept.script, savepoint, endpoints)
    const reason = messageOf(error)
    throw new JobError(
      `${refusal(job)} The previous SQL runs again, from ${savepoint}.\n${reason}`,
      {
        cause: error,
      },
    )
  }
}

async function startFrom(
  job: Job,
  script: Script,
  savepoint: string,
  endpoints: UpgradeOptions['endpoints'],
): Promise<string> {
  const settings = { ...script.settings, 'execution.state-recovery.path': savepoint }
  const jobId = await runScript(job, { ...script, settings }, endpoints)
  await waitUntilRunning(endpoints.flinkUrl, jobId, stepTimeoutMs)
  return jobId
}

async function assertCompatible(job: Job, from: Script, to: Script, gateway: Gateway) {
  const after = await planOf(job, to, gateway)
  const reasons = incompatibilities(await planOf(job, from, gateway), after)
  if (reasons.length > 0)
    throw new JobError([refusal(job), ...reasons, ...replayOf(job)].join('\n'))
}

const refusal = ({ name }: Job): string =>
  `${name}: the new SQL cannot be restored from the state of the running job.`

/** What an operator can do when the state cannot be kept. */
function replayOf({ name, writes, gold }: Job): readonly string[] {
  const tables = gold.length === 0 ? '' : ', and their gold tables'
  return [
    'The job keeps running as before. To replay the topics instead:',
    `  npm run jobs -- stop --savepoint ${name}`,
    `  give its outputs a new version (${writes.join(', ')}${tables}): a replay writes every row again`,
    `  npm run jobs -- submit ${name} --restore nothing`,
    '  when it has caught up, switch the consumers over and delete the old topics',
  ]
}

function isSame(one: Script, other: Script): boolean {
  return JSON.stringify(withoutRestore(one)) === JSON.stringify(withoutRestore(other))
}

function withoutRestore({ settings, ...rest }: Script) {
  const { 'execution.state-recovery.path': _, ...others } = settings
  return { settings: others, ...rest }
}
