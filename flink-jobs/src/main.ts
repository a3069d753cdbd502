import {
  commandOf,
  readArguments,
  refuseMore,
  refuseStrays,
  wholeNumber,
} from '@tenseams/cli/arguments'
import { UsageError } from '@tenseams/cli/errors'
import { type ExitCode, exitCodes } from '@tenseams/cli/exit-codes'
import { secretsFolderOf } from '@tenseams/cli/instance'
import { endpointsOf, instanceHelp, instanceOptions } from '@tenseams/cli/instance-options'
import { say } from '@tenseams/cli/output'
import { runVerb } from '@tenseams/cli/run-verb'
import { readTopic } from '@tenseams/contracts/topics'
import { httpLogin } from '@tenseams/identities/http-login'
import { credentialsFileIn } from '@tenseams/identities/store'
import { jobsProgress, progressLines } from './flink/progress.ts'
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
import { MOST_PARALLELISM, textOf } from './script/script.ts'

const help = `npm run jobs -- <command>

  submit [<job>]           starts one job, or all, each from its newest savepoint or checkpoint;
                           leaves a running job alone
  list                     the newest job of each name that the cluster knows: what it does, and why not
  stop --savepoint [<job>] stops one job, or all, with a savepoint each
  rescale <job> <n>        changes the parallelism of a running job, without a restart; its next start keeps it
  upgrade <job>            continues a running job with the current SQL, from a savepoint; refuses SQL that its
                           state does not fit, and says how to replay instead
  explain <job>            Flink's plan of it, and which operators keep state
  script <job>             prints the job's whole SQL, for any Flink SQL client
  lateness [<topic>]       how late the events in bronze arrived: the basis for choosing a job's delay

For submit, upgrade, explain and script:
  --window <interval>      instead of the SQL's own, e.g. "INTERVAL '10' SECOND"
  --parallelism <n>        (default: that of its last run, or 1)
  --checkpoint-ms <n>      how often results become visible (default: that of its last run, or 10000)
  --restore <url|nothing>  for submit: from that savepoint, or from the beginning of the topics

${instanceHelp}

Exit codes: 0 done, or every job makes progress; 1 list found one that does not; 2 it could not be done.
`

const options = {
  savepoint: { type: 'boolean' },
  window: { type: 'string' },
  parallelism: { type: 'string' },
  'checkpoint-ms': { type: 'string' },
  restore: { type: 'string', default: 'newest' },
  ...instanceOptions,
} as const

const running = ['submit', 'upgrade', 'explain', 'script']
const owners = {
  ...{ window: running, parallelism: running, 'checkpoint-ms': running },
  ...{ restore: ['submit'], savepoint: ['stop'] },
}

const parallelismBounds = { least: 1, most: MOST_PARALLELISM }
/** Flink's least. */
const checkpointBounds = { least: 10, most: 999_999_999 }

const commands = [
  'submit',
  'list',
  'stop',
  'rescale',
  'upgrade',
  'explain',
  'script',
  'lateness',
] as const

type Values = ReturnType<typeof readArguments<typeof options>>['values']

async function jobs(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals, given } = readArguments(args, options)
  const [first, subject, number] = positionals
  const command = commandOf(first, commands)
  refuseStrays(command, given, owners)
  const most = command === 'list' ? 1 : command === 'rescale' ? 3 : 2
  refuseMore(positionals.slice(most))
  if (command === 'list') return list(endpointsOf(values))
  await run(command, values, subject, number)
  return exitCodes.holds
}

async function run(
  command: Exclude<(typeof commands)[number], 'list'>,
  values: Values,
  subject: string | undefined,
  number: string | undefined,
): Promise<void> {
  const endpoints = jobEndpointsOf(values)
  switch (command) {
    case 'submit':
      return submit(endpoints, values, subject)
    case 'stop':
      return stop(endpoints, values, subject)
    case 'rescale':
      return rescaleOne(endpoints, named(subject), number)
    case 'upgrade':
      return upgrade(endpoints, values, named(subject))
    case 'explain':
      return explain(endpoints, values, named(subject))
    case 'script':
      return script(endpoints, values, named(subject))
    case 'lateness':
      return latenessLines(await lateness(endpoints, subject)).forEach(say)
  }
}

/** What a person does at a terminal is done as the operator. */
function jobEndpointsOf(values: Values): JobEndpoints {
  const store = { folder: secretsFolderOf(values.instance) }
  return {
    ...endpointsOf(values),
    login: httpLogin(credentialsFileIn(store, 'operator')),
    credentialsFile: credentialsFileIn(store, 'flink'),
  }
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

async function list({ flinkUrl }: Pick<JobEndpoints, 'flinkUrl'>): Promise<ExitCode> {
  const jobs = await jobsProgress(flinkUrl)
  jobs.flatMap(progressLines).forEach(say)
  return jobs.every(({ isWell }) => isWell) ? exitCodes.holds : exitCodes.refuted
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
  const wanted = wholeNumber('<n>', number, parallelismBounds)
  const { jobId, to } = await rescale(job, wanted, { endpoints, partitions, onProgress: say })
  say(`${name} ${jobId} runs with a parallelism of ${to}`)
}

async function upgrade(endpoints: JobEndpoints, values: Values, name: string) {
  const { job, script } = asRun(endpoints, values, name)
  await assertScriptFits(script, endpoints)
  const { outcome, jobId } = await upgradeJob(job, script, { endpoints, onProgress: say })
  say(`${name} ${jobId} ${outcome === 'unchanged' ? 'runs by this SQL already' : 'upgraded'}`)
}

async function explain(endpoints: JobEndpoints, values: Values, name: string) {
  const { job, script } = asRun(endpoints, values, name)
  const operators = await planOf(job, script, endpoints)
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
      parallelism: wholeNumber('--parallelism', values.parallelism, parallelismBounds),
    }),
    ...(values['checkpoint-ms'] !== undefined && {
      checkpointIntervalMs: wholeNumber(
        '--checkpoint-ms',
        values['checkpoint-ms'],
        checkpointBounds,
      ),
    }),
  }
}

await runVerb(jobs, help)
