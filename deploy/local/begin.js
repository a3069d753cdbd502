/**
 * The entry of every verb in package.json. Plain JavaScript without dependencies, since neither Node 24 nor any package
 * may be installed yet: it runs on Node 20, lets npm install what is missing, and continues on the Node 24 that is one
 * of the packages.
 */
import { spawn, spawnSync } from 'node:child_process'
import { readdirSync, utimesSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { madeEnvironment } from './begin/environment.js'
import { missingPackages, npmArguments } from './begin/installation.js'

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')
const modules = join(root, 'node_modules')
const node24 = join(modules, 'node', 'bin', 'node')
const undecided = new URL('begin/undecided.js', import.meta.url).href
const EXIT_UNDECIDED = 2
const LEAST_NODE_MAJOR = 20

/** kafkajs computes negative delays (tulios/kafkajs#1751), and Node 24 warns of each. */
const nodeOptions = ['--disable-warning=TimeoutNegativeWarning']

const verbs = {
  start: [
    'deploy/demonstration/src/start.ts',
    'installs and starts everything, shows real orders on their way',
  ],
  stack: [
    'deploy/local/src/launcher/cli/stack-command.ts',
    'starts, stops, inspects and breaks the running system',
  ],
  contracts: [
    'contracts/src/main.ts',
    'checks, publishes, compares and rolls out schemas; generates types',
  ],
  jobs: [
    'flink-jobs/src/main.ts',
    'submits, lists, stops, rescales, upgrades and explains the Flink SQL jobs',
  ],
  lake: [
    'services/lakehouse/src/cli/command.ts',
    'queries, verifies and maintains the tables of the lakehouse',
  ],
  'read-model': [
    'services/orders/src/read-model-command.ts',
    'rebuilds the order list, or shows how far it is',
  ],
  cdc: [
    'deploy/debezium/src/cdc-command.ts',
    'shows, pauses, snapshots and recovers what Debezium captures',
  ],
  secrets: [
    'deploy/local/src/launcher/cli/secrets-command.ts',
    'lists what each identity logs in with, and rotates it',
  ],
  rights: [
    'deploy/local/src/unused-rights/rights-command.ts',
    'lists the declared rights that nobody used',
  ],
  dlq: ['packages/kafka/src/dlq-command.ts', 'lists, shows and replays dead letters'],
  trace: [
    'deploy/traces/src/trace-command.ts',
    'prints the way of an order as a waterfall, from its request to the lake',
  ],
  'assert:trace': [
    'deploy/traces/src/assert-command.ts',
    'places an order and asserts that no hop is missing in its trace',
  ],
  runbook: [
    'deploy/observability/src/runbook-command.ts',
    'walks through the page about an alert, runs its commands, keeps a timeline',
  ],
  oncall: [
    'deploy/observability/src/oncall/oncall-command.ts',
    'freezes captures, aborts transactions, resets offsets, parks a record, restarts connectors',
  ],
  bom: [
    'deploy/local/src/supply-chain/bom-command.ts',
    'makes bills of materials, and checks licences and known vulnerable versions',
  ],
  check: ['test/runner/check.ts', 'runs the static checks'],
  test: ['test/runner/run.ts', 'runs the static checks and all tests but the long proofs'],
  'test:full': [
    'test/runner/full.ts',
    'runs every long proof and writes the results to docs/proofs.md',
  ],
  reconcile: ['services/auditor/src/reconcile-command.ts', 'audits every invariant now'],
  prove: [
    'test/proofs/main.ts',
    'provokes what could refute a claim: keys, position, eos, late, cdc, lake, medallion, rescale',
  ],
  load: [
    'test/load/main.ts',
    'sends a load to the running system, each request when it is due, and finds its knee',
  ],
  bench: [
    'test/bench/main.ts',
    'compares ours with others in one run: event-store, eos, cdc, flink, lake, whole-way',
  ],
}

function help() {
  const lines = Object.entries(verbs).map(
    ([verb, [, what]]) => `  npm run ${verb.padEnd(10)} ${what}`,
  )
  return [
    'The verbs; `npm run <verb> -- --help` explains each:',
    '',
    ...lines,
    '',
    'Exit codes: 0 it holds; 1 it is refuted; 2 it could not be decided or done.',
  ].join('\n')
}

const environment = madeEnvironment(process.env, join(modules, '.cache', 'node-compile'))

/** @returns {Promise<number>} the exit code; 128 plus the signal's number after a signal, as in shells. */
function run(file, args, { output = 'inherit', onSpawn = () => undefined } = {}) {
  return new Promise((resolve, reject) => {
    const stdio = ['inherit', output, 'inherit']
    const child = spawn(file, args, { cwd: root, env: environment, stdio })
    onSpawn(child)
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]))
  })
}

async function install() {
  const begun = Date.now()
  console.error('Installing npm packages (about 620 MB on disk, a minute or two, once) …')
  const code = await run('npm', npmArguments, {
    // Only the verb itself writes to stdout.
    output: process.stderr,
    // Alone it would go on, beside the npm of the next start.
    onSpawn: passSignals,
  }).catch((error) => error)
  if (code instanceof Error) return fail(`npm cannot be run: ${code.message}. Is it installed?`)
  if (code !== 0) {
    return fail('npm ci failed, for the reason above. Is the package registry reachable?')
  }
  const now = new Date()
  utimesSync(join(modules, '.package-lock.json'), now, now)
  const missing = missingPackages(root)
  if (missing.length > 0) {
    const few = missing.slice(0, 3).join(', ')
    return fail(
      `npm ci has left out ${few}${missing.length > 3 ? ` and ${missing.length - 3} more` : ''}: look for \`omit\`, \`ignore-scripts\` or \`workspaces\` in ~/.npmrc, and run this again`,
    )
  }
  const version = spawnSync(node24, ['--version'], { encoding: 'utf8', env: environment })
  if (version.status !== 0) return fail(cannotRun(version.error?.message ?? version.stderr))
  const packages = readdirSync(modules).length
  console.error(`npm packages installed: ${packages} folders in ${seconds(begun)} s`)
}

/** A disk that runs no programs, packages of another machine, or a C library that is too old for Node 24. */
function cannotRun(reason) {
  const [why] = String(reason).trim().split('\n')
  return `${node24} cannot be run: ${why}. It must lie on a disk that runs programs, and be installed on this machine: remove node_modules, and run this again`
}

function fail(line) {
  console.error(line)
  process.exit(EXIT_UNDECIDED)
}

function seconds(begun) {
  return Math.round((Date.now() - begun) / 1000)
}

/** A terminal sends Ctrl-C to the child as well, which decides when it ends; this process only waits for it. */
function passSignals(child) {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    })
  }
}

async function begin([verb, ...args]) {
  if (verb === undefined || verb === '--help' || verb === '-h') return console.log(help())
  if (!Object.hasOwn(verbs, verb)) {
    console.error(`there is no verb "${verb}"\n\n${help()}`)
    return EXIT_UNDECIDED
  }
  if (Number(process.versions.node.split('.')[0]) < LEAST_NODE_MAJOR) {
    console.error(
      `Node ${LEAST_NODE_MAJOR} or later is required to start; this is ${process.version}`,
    )
    return EXIT_UNDECIDED
  }
  if (missingPackages(root).length > 0) await install()
  const [file] = verbs[verb]
  const started = [...nodeOptions, '--import', undecided, join(root, file), ...args]
  return run(node24, started, { onSpawn: passSignals }).catch((error) =>
    fail(cannotRun(error.message)),
  )
}

// An error of ours is no verdict, and Node would exit with 1.
process.exitCode = await begin(process.argv.slice(2)).catch((error) => fail(error.stack))
