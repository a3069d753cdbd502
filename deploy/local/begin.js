/**
 * Where every verb of package.json begins. Plain JavaScript without dependencies, since neither Node 24 nor a single
 * package may be there yet: it runs on Node 20, has npm install what is missing, and continues on the Node 24 that
 * came with it.
 */
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, statSync, utimesSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')
const modules = join(root, 'node_modules')
const node24 = join(modules, 'node', 'bin', 'node')
const EXIT_UNDECIDED = 2
const LEAST_NODE_MAJOR = 20

/** kafkajs computes negative delays (tulios/kafkajs#1751), of which Node 24 warns each time. */
const nodeOptions = ['--disable-warning=TimeoutNegativeWarning']

const verbs = {
  start: [
    'deploy/demonstration/src/start.ts',
    'sets everything up, starts it, shows one order on its way',
  ],
  stack: [
    'deploy/local/src/launcher/cli/stack-command.ts',
    'up, down, status and more of the running system',
  ],
  contracts: [
    'contracts/src/main.ts',
    'check, publish, compare and roll out schemas; generate types',
  ],
  jobs: ['flink-jobs/src/main.ts', 'submit, list and stop the Flink SQL jobs'],
  lake: ['services/lakehouse/src/cli/lake-command.ts', 'tables, rows and care of the lakehouse'],
  'read-model': [
    'services/orders/src/read-model-command.ts',
    'rebuild the order list, or see how far it is',
  ],
  cdc: [
    'deploy/debezium/src/cdc-command.ts',
    'see, pause, read anew and recover what Debezium captures',
  ],
  dlq: ['packages/kafka/src/dlq-command.ts', 'list, show and replay dead letters'],
  check: ['test/runner/check.ts', 'static checks'],
  test: ['test/runner/run.ts', 'every test of the landing lane'],
  'test:full': ['test/runner/full.ts', 'every long proof, and what came of it into docs/proofs.md'],
  reconcile: ['services/auditor/src/reconcile-command.ts', 'audit every invariant now'],
  prove: [
    'test/proofs/main.ts',
    'provoke what could refute a claim: keys, position, eos, late, cdc, lake, medallion',
  ],
  bench: ['test/bench/main.ts', 'ours beside others in one run: event-store, eos, cdc, lake'],
}

function help() {
  const lines = Object.entries(verbs).map(
    ([verb, [, what]]) => `  npm run ${verb.padEnd(10)} ${what}`,
  )
  return [
    'The verbs; each tells more with `-- --help`:',
    '',
    ...lines,
    '',
    'Exit codes: 0 what it says holds; 1 refuted; 2 undecided, or what it needs is not there.',
  ].join('\n')
}

/** npm writes this file last, so an interrupted installation has an old one or none. */
function installedAt() {
  const mark = join(modules, '.package-lock.json')
  return existsSync(mark) && existsSync(node24) ? statSync(mark).mtimeMs : 0
}

/** What a package manager needs to rebuild, is newer than what it built last. */
function isInstalled() {
  return installedAt() >= statSync(join(root, 'package-lock.json')).mtimeMs
}

/** @returns {Promise<number>} the exit code; 128 and the signal's number when it was ended by one, as shells say. */
function run(file, args, { output = 'inherit', onSpawn = () => undefined } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: root, stdio: ['inherit', output, 'inherit'] })
    onSpawn(child)
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]))
  })
}

async function install() {
  const begun = Date.now()
  console.error('Installing npm packages (about 600 MB on disk, half a minute, once) …')
  const code = await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    // What the verb says is alone on stdout.
    output: process.stderr,
  })
  if (code !== 0) {
    console.error('npm ci failed. Its own lines above say why; is the package registry reachable?')
    process.exit(EXIT_UNDECIDED)
  }
  const now = new Date()
  utimesSync(join(modules, '.package-lock.json'), now, now)
  const packages = readdirSync(modules).length
  console.error(`npm packages installed: ${packages} folders in ${seconds(begun)} s`)
}

function seconds(begun) {
  return Math.round((Date.now() - begun) / 1000)
}

/** A terminal sends Ctrl-C to both of us: the child decides when it has ended, we only wait for it. */
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
      `Node ${LEAST_NODE_MAJOR} or later is needed to begin; this is ${process.version}`,
    )
    return EXIT_UNDECIDED
  }
  if (!isInstalled()) await install()
  const [file] = verbs[verb]
  return run(node24, [...nodeOptions, join(root, file), ...args], { onSpawn: passSignals })
}

process.exitCode = await begin(process.argv.slice(2))
