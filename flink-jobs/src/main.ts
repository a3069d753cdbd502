import { parseArgs } from 'node:util'
import { instanceEndpoints } from '@tenseams/cli/endpoints'
import { ContractNotPublishedError, RegistryUnavailableError } from '@tenseams/codec/errors'
import { ContractError } from '@tenseams/contracts/errors'
import { readTopic } from '@tenseams/contracts/topics'
import { LakehouseError } from '@tenseams/iceberg/errors'
import { FlinkRefusedError, FlinkUnavailableError, JobError } from './errors.ts'
import { listJobs } from './flink/cluster.ts'
import { lateness, latenessLines } from './lateness.ts'
import { planOf } from './run/plan.ts'
import { rescale } from './run/rescale.ts'
import {
  type JobEndpoints,
  jobAsRun,
  scriptToRun,
  stopJobsWithSavepoint,
  submitJob,
  submitJobs,
} from './run/submit.ts'
import { upgradeJob } from './run/upgrade.ts'
import { assertScriptFits } from './script/fits.ts'
import { readJob } from './script/job.ts'
import { textOf } from './script/script.ts'

const help = `npm run jobs -- <verb>

  submit [<job>]             starts one job, or all, each from its newest savepoint or checkpoint;
                             a job that runs already is left alone
  list                       the jobs that the cluster knows
  stop --savepoint [<job>]   stops one job, or all, with a savepoint each
  rescale <job> <n>          gives a running job another parallelism, in place; its next start keeps it
  upgrade <job>              lets a running job go on by the SQL of now, from a savepoint; refuses what its
                             state does not fit, and says how to replay instead
  explain <job>              Flink's plan of it, and which operators keep state
  script <job>               prints the job's whole SQL, for any Flink SQL client
  lateness [<topic>]         how late the events came that bronze holds: what a job's delay is chosen by

For submit, upgrade, explain and script:
  --window <interval>        instead of the SQL's own, e.g. "INTERVAL '10' SECOND"
  --parallelism <n>          (that of its last run, or 1)
  --checkpoint-ms <n>        how often results become visible (that of its last run, or 10000)
  --restore <url|nothing>    for submit: from that savepoint, or from the topics' beginning

Which instance:
  --instance <name>          of the native stack (default)
  --offset <n>               its port offset, instead of the one with which it was started last

Exit codes: 0 done; 2 it could not be done.
`

const options = {
  help: { type: 'boolean', short: 'h' },
  savepoint: { type: 'boolean' },
  window: { type: 'string' },
  parallelism: { type: 'string' },
  'checkpoint-ms': { type: 'string' },
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
  const [verb, job, number, ...rest] = positionals
  if (values.help === true) return say(help)
  const stray = verb === 'rescale' ? rest[0] : number
  if (stray !== undefined) throw new UsageError(`${stray} is not expected`)
  const endpoints = endpointsOf(values)
  if (verb === 'submit') return submit(endpoints, values, job)
  if (verb === 'list') return list(endpoints)
  if (verb === 'stop') return stop(endpoints, values, job)
  if (verb === 'rescale') return rescaleOne(endpoints, named(job), number)
  if (verb === 'upgrade') return upgrade(endpoints, values, named(job))
  if (verb === 'explain') return explain(endpoints, values, named(job))
  if (verb === 'script') return script(endpoints, values, named(job))
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

async function rescaleOne(endpoints: JobEndpoints, name: string, number: string | undefined) {
  if (number === undefined) throw new UsageError('to which parallelism?')
  const job = readJob(name)
  const partitions = Math.min(...job.reads.map((topic) => readTopic(topic).partitions))
  const wanted = wholeNumber('<n>', number)
  const { jobId, to } = await rescale(job, wanted, { endpoints, partitions, onProgress: say })
  say(`${name} ${jobId} runs with a parallelism of ${to}`)
}

async function upgrade(endpoints: JobEndpoints, values: Values, name: string) {
  const { job, script } = asRun(endpoints, values, name)
  await assertScriptFits(script, endpoints.brokers)
  const { outcome, jobId } = await upgradeJob(job, script, { endpoints, onProgress: say })
  say(`${name} ${jobId} ${outcome === 'unchanged' ? 'runs by this SQL already' : 'upgraded'}`)
}

async function explain(endpoints: JobEndpoints, values: Values, name: string) {
  const { job, script } = asRun(endpoints, values, name)
  const operators = await planOf(job, script, endpoints.gatewayUrl)
  for (const { depth, text, keepsState } of operators) {
    say(`${keepsState ? 'state  ' : '       '}${'  '.repeat(depth)}${text}`)
  }
  const keeping = operators.filter(({ keepsState }) => keepsState).map(({ text }) => text)
  say(`\n${new Set(keeping).size} operators keep state, beside sources and sinks`)
}

function script(endpoints: JobEndpoints, values: Values, name: string) {
  say(textOf(asRun(endpoints, values, name).script))
}

/** By the SQL of now, as it would be started now. */
function asRun(endpoints: JobEndpoints, values: Values, name: string) {
  const options = { endpoints, overrides: overridesOf(values) }
  const { job } = jobAsRun(name, options)
  return { job, script: scriptToRun(job, options) }
}

function named(job: string | undefined): string {
  if (job === undefined) throw new UsageError('which job?')
  return job
}

function overridesOf(values: Values) {
  return {
    intervals: values.window === undefined ? {} : { window: values.window },
    ...(values.parallelism !== undefined && {
      parallelism: wholeNumber('--parallelism', values.parallelism),
    }),
    ...(values['checkpoint-ms'] !== undefined && {
      checkpointIntervalMs: wholeNumber('--checkpoint-ms', values['checkpoint-ms']),
    }),
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
  ...[ContractError, ContractNotPublishedError, RegistryUnavailableError, LakehouseError],
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
