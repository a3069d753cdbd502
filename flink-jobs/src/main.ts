import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { ContractNotPublishedError, RegistryUnavailableError } from '@tenseams/contracts/codec'
import { ContractError } from '@tenseams/contracts/errors'
import { instanceEndpoints } from '@tenseams/contracts/instance'
import { listJobs } from './cluster.ts'
import { FlinkRefusedError, FlinkUnavailableError, JobError } from './errors.ts'
import { readJob } from './job.ts'
import { lateness, latenessLines } from './lateness.ts'
import { scriptOf, textOf } from './script.ts'
import { type JobEndpoints, stopJobsWithSavepoint, submitJob, submitJobs } from './submit.ts'

const help = `npm run jobs -- <verb>

  submit [<job>]             starts one job, or all, each from its newest savepoint or checkpoint;
                             a job that runs already is left alone
  list                       the jobs that the cluster knows
  stop --savepoint [<job>]   stops one job, or all, with a savepoint each
  script <job>               prints the job's whole SQL, for any Flink SQL client
  lateness [<topic>]         how late the events came that bronze holds: what a job's delay is chosen by

For submit and script:
  --window <interval>        instead of the SQL's own, e.g. "INTERVAL '10' SECOND"
  --parallelism <n>          (1)
  --checkpoint-ms <n>        how often results become visible (10000)
  --restore <url|nothing>    from that savepoint, or from the topics' beginning

Which instance:
  --instance <name>          of the native stack (default)
  --offset <n>               its port offset, instead of the one with which it was started last

Exit codes: 0 done; 2 it could not be done.
`

const options = {
  help: { type: 'boolean', short: 'h' },
  savepoint: { type: 'boolean' },
  window: { type: 'string' },
  parallelism: { type: 'string', default: '1' },
  'checkpoint-ms': { type: 'string', default: '10000' },
  restore: { type: 'string', default: 'newest' },
  instance: { type: 'string', default: 'default' },
  offset: { type: 'string' },
} as const

type Values = ReturnType<typeof readArguments>['values']

function readArguments(args: readonly string[]) {
  return parseArgs({ args: [...args], options, allowPositionals: true })
}

async function main(args: readonly string[]): Promise<void> {
  const { values, positionals } = readArguments(args)
  const [verb, job, ...rest] = positionals
  if (values.help === true) return say(help)
  if (rest.length > 0) throw new UsageError(`${rest[0]} is not expected`)
  const endpoints = endpointsOf(values)
  if (verb === 'submit') return submit(endpoints, values, job)
  if (verb === 'list') return list(endpoints)
  if (verb === 'stop') return stop(endpoints, values, job)
  if (verb === 'script') return script(endpoints, values, job)
  if (verb === 'lateness')
    return latenessLines(await lateness(endpoints.catalogUrl, job)).forEach(say)
  throw new UsageError(verb === undefined ? 'which verb?' : `${verb} is no verb`)
}

async function submit(endpoints: JobEndpoints, values: Values, job: string | undefined) {
  const submitOptions = {
    endpoints,
    overrides: overridesOf(values),
    restoreFrom: values.restore,
    onProgress: say,
  }
  const submitted =
    job === undefined ? await submitJobs(submitOptions) : [await submitJob(job, submitOptions)]
  for (const { job: name, jobId, outcome } of submitted) say(`${name} ${jobId} ${outcome}`)
}

async function list({ flinkUrl }: JobEndpoints) {
  for (const { id, name, state } of await listJobs(flinkUrl)) say(`${id} ${state} ${name}`)
}

async function stop(endpoints: JobEndpoints, values: Values, job: string | undefined) {
  if (values.savepoint !== true) throw new UsageError('stop goes with --savepoint only')
  const names = job === undefined ? undefined : [readJob(job).name]
  const stopped = await stopJobsWithSavepoint(endpoints, names)
  for (const { job: name, savepoint } of stopped) say(`${name} stopped, ${savepoint}`)
  if (stopped.length === 0) say('no job runs')
}

function script(endpoints: JobEndpoints, values: Values, job: string | undefined) {
  if (job === undefined) throw new UsageError('which job?')
  const stateUrl = pathToFileURL(endpoints.stateFolder).href
  say(textOf(scriptOf(readJob(job), endpoints, { ...overridesOf(values), stateUrl })))
}

function overridesOf(values: Values) {
  return {
    intervals: values.window === undefined ? {} : { window: values.window },
    parallelism: wholeNumber('--parallelism', values.parallelism),
    checkpointIntervalMs: wholeNumber('--checkpoint-ms', values['checkpoint-ms']),
  }
}

function endpointsOf({ instance, offset }: Values): JobEndpoints {
  return instanceEndpoints(
    instance,
    offset === undefined ? undefined : wholeNumber('--offset', offset),
  )
}

function wholeNumber(name: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new UsageError(`${name}: a whole number is expected, not ${text}`)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

class UsageError extends Error {}

const expected = [
  ...[JobError, FlinkRefusedError, FlinkUnavailableError],
  ...[ContractError, ContractNotPublishedError, RegistryUnavailableError],
]

function explained(error: unknown): string | undefined {
  if (error instanceof UsageError || (error instanceof TypeError && 'code' in error)) {
    return `${error.message}\n\n${help}`
  }
  const known = error instanceof Error && expected.some((kind) => error instanceof kind)
  return known ? error.message : undefined
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  const explanation = explained(error)
  if (explanation === undefined) throw error
  process.stderr.write(`${explanation}\n`)
  process.exitCode = 2
}
