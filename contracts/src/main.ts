import { join } from 'node:path'
import {
  brokerList,
  commandOf,
  readArguments,
  refuseMore,
  refuseStrays,
  webAddress,
  wholeNumber,
} from '@tenseams/cli/arguments'
import { UsageError } from '@tenseams/cli/errors'
import { type ExitCode, exitCodes } from '@tenseams/cli/exit-codes'
import {
  credentialsFolderOf,
  credentialsOption,
  endpointsOf,
  instanceHelp,
  instanceOptions,
} from '@tenseams/cli/instance-options'
import { say } from '@tenseams/cli/output'
import { runVerb } from '@tenseams/cli/run-verb'
import { httpLogin } from '@tenseams/identities/http-login'
import { checkHelp, runCheck } from './gate/command.ts'
import { generate, staleFiles } from './generate/generate.ts'
import { writeMissingRecords } from './generate/records.ts'
import { diffContracts } from './publish/diff.ts'
import { publishContracts } from './publish/publish.ts'
import { rolloutLines, rollouts, runRollout, withoutOrder } from './rollouts/command.ts'

const help = `npm run contracts -- <command>

  publish            registers every schema, sets the compatibility level of every subject, creates the topics,
                     gives every user of Kafka its rights and quotas and takes others away; idempotent
  check              whether the contracts in the working tree may be merged; see check --help
  diff               differences between the contracts and the running broker and registry, each with the next step:
                     topics, schemas, levels, users, rights, quotas
  rollout <name>     runs old and new producers and consumers in the right order, then in the wrong one, on topics
                     of its own; docs/rollouts says when to choose which
${rolloutLines()}
    --break=order          runs the wrong order as if it were the right one: it must be refuted
  generate           writes the TypeScript types into contracts/generated and packages/telemetry, the objectives' rules,
                     Grafana's dashboards, docs/kafka-users.md, and keys.md, objectives.md and telemetry.md in docs/reference
  generate --check   lists the generated files that are stale
  records            writes an encoded record for every schema version that has none yet, into contracts/records

For publish, diff and rollout, which log in as the publisher, and for the users of Kafka as the admin:
  --registry <url>         instead of the instance's, with its path, e.g. http://host/apis/ccompat/v7
  --brokers <host:port,…>  instead of the instance's
  --credentials <folder>   with publisher.json and admin.json (default: that of the instance)
  --timeout <seconds>      for a whole publish, each request of a diff, each wait of a rollout (default: 60)
${instanceHelp}

Exit codes: 0 it holds; 1 refused, different, stale, or a refuted rollout; 2 undecided, or not possible.
`

const options = {
  check: { type: 'boolean' },
  break: { type: 'string' },
  registry: { type: 'string' },
  brokers: { type: 'string' },
  ...credentialsOption,
  timeout: { type: 'string', default: '60' },
  ...instanceOptions,
} as const

const withServers = ['publish', 'diff', 'rollout']
const owners = {
  ...{ registry: withServers, brokers: withServers },
  ...{ credentials: withServers, timeout: withServers },
  ...{ check: ['generate'], break: ['rollout'] },
}

const commands = ['publish', 'diff', 'rollout', 'generate', 'records'] as const

type Values = ReturnType<typeof readArguments<typeof options>>['values']

async function contracts(args: readonly string[]): Promise<ExitCode> {
  if (args[0] === 'check') return runCheck(args.slice(1))
  const { values, positionals, given } = readArguments(args, options)
  const [first, ...rest] = positionals
  const command = commandOf(first, commands)
  refuseStrays(command, given, owners)
  if (command !== 'rollout') refuseMore(rest)
  switch (command) {
    case 'publish':
      return publish(values)
    case 'diff':
      return diff(values)
    case 'rollout':
      return rollout(values, rest)
    case 'generate':
      return values.check === true ? check() : write()
    case 'records':
      return keepRecords()
  }
}

async function publish(values: Values): Promise<ExitCode> {
  await publishContracts({ ...serversOf(values), onProgress: say })
  return exitCodes.holds
}

async function diff(values: Values): Promise<ExitCode> {
  const drifts = await diffContracts(serversOf(values))
  for (const { what, next } of drifts) say(`${what}\n    next: ${next}`)
  say(drifts.length === 0 ? 'no difference' : `${drifts.length} differ from the contracts`)
  return drifts.length === 0 ? exitCodes.holds : exitCodes.refuted
}

async function rollout(values: Values, [name, ...rest]: readonly string[]): Promise<ExitCode> {
  const chosen = rollouts.find((candidate) => candidate.name === name)
  if (chosen === undefined || rest.length > 0) throw new UsageError('rollout takes one name')
  if (![undefined, 'order'].includes(values.break)) throw new UsageError('--break takes order')
  const tried = values.break === undefined ? chosen : withoutOrder(chosen)
  const { holds } = await runRollout(tried, serversOf(values), say)
  return holds ? exitCodes.holds : exitCodes.refuted
}

function serversOf(values: Values) {
  const instance = endpointsOf(values)
  const { registry, brokers } = values
  const secrets = credentialsFolderOf(values, { registry, brokers })
  const [publisher, admin] = [join(secrets, 'publisher.json'), join(secrets, 'admin.json')]
  return {
    admin,
    credentials: { publisher, admin },
    // A rollout runs in topics of its own, as the publisher.
    credentialsFile: publisher,
    registryUrl: webAddress('--registry', registry ?? instance.registryUrl),
    login: httpLogin(publisher),
    brokers: brokerList('--brokers', brokers ?? instance.brokers),
    timeoutMs: wholeNumber('--timeout', values.timeout, { least: 1, most: 999_999 }) * 1_000,
  }
}

function write(): ExitCode {
  for (const file of generate()) say(file)
  return exitCodes.holds
}

function keepRecords(): ExitCode {
  for (const file of writeMissingRecords()) say(file)
  return exitCodes.holds
}

function check(): ExitCode {
  const stale = staleFiles()
  for (const file of stale) say(`${file} is stale: run \`npm run contracts -- generate\``)
  return stale.length === 0 ? exitCodes.holds : exitCodes.refuted
}

await runVerb(contracts, (args) => (args[0] === 'check' ? checkHelp : help))
