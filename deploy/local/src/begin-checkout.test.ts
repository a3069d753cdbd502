import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { projectRoot } from '@tenseams/cli/instance'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

/** A checkout in which `npm run stack` prints the environment that it gets, and `npm` writes down how it is called. */
let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tenseams-begin-'))
  for (const name of ['begin.js', 'begin']) {
    cpSync(join(projectRoot, 'deploy/local', name), join(root, 'deploy/local', name), {
      recursive: true,
    })
  }
  write('package.json', '{"type":"module"}')
  write('package-lock.json', JSON.stringify({ packages }))
  const { versions, env } = { versions: 'process.version', env: 'process.env' }
  write(
    'deploy/local/src/launcher/cli/stack-command.ts',
    `console.log(JSON.stringify({ version: ${versions}, env: ${env} }))`,
  )
})

afterEach(() => rmSync(root, { recursive: true }))

const packages = {
  '': {},
  'node_modules/node': { dev: true },
  'node_modules/native-for-us': { optional: true, os: [process.platform], cpu: [process.arch] },
  'node_modules/native-for-others': { optional: true, os: ['plan9'], cpu: ['pdp11'] },
}

const complete = {
  'node_modules/node': {},
  'node_modules/native-for-us': {},
}

function write(path: string, text: string, mode = 0o644) {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
  chmodSync(join(root, path), mode)
}

const nodeProgram = 'node_modules/node/bin/node'

function installed(there: object = complete) {
  mkdirSync(join(root, 'node_modules/node/bin'), { recursive: true })
  symlinkSync(join(projectRoot, nodeProgram), join(root, nodeProgram))
  write('node_modules/.package-lock.json', JSON.stringify({ packages: there }))
}

/** An `npm` that writes down its arguments and environment, and leaves these packages. */
function npmThatLeaves(there: object) {
  const lock = JSON.stringify(JSON.stringify({ packages: there }))
  write(
    'bin/npm',
    `#!${process.execPath}
    const fs = require('node:fs')
    fs.writeFileSync('npm-was-called.json', JSON.stringify({ args: process.argv.slice(2), env: process.env }))
    fs.mkdirSync('node_modules/node/bin', { recursive: true })
    fs.rmSync(${JSON.stringify(nodeProgram)}, { force: true })
    fs.symlinkSync(${JSON.stringify(join(projectRoot, nodeProgram))}, ${JSON.stringify(nodeProgram)})
    fs.writeFileSync('node_modules/.package-lock.json', ${lock})`,
    0o755,
  )
  write('bin/package.json', '{"type":"commonjs"}')
}

function begin(environment: Readonly<Record<string, string>> = {}) {
  const { PATH = '', HOME = '/' } = process.env
  return spawnSync(process.execPath, [join(root, 'deploy/local/begin.js'), 'stack'], {
    encoding: 'utf8',
    timeout: 30_000,
    env: { PATH: `${join(root, 'bin')}:${PATH}`, HOME, ...environment },
  })
}

function seenBy(environment: Readonly<Record<string, string>>) {
  const { stdout, stderr, status } = begin(environment)
  expect([status, stderr]).toEqual([0, ''])
  return JSON.parse(stdout) as {
    readonly version: string
    readonly env: Readonly<Record<string, string>>
  }
}

const npmCall = () =>
  JSON.parse(readFileSync(join(root, 'npm-was-called.json'), 'utf8')) as {
    readonly args: readonly string[]
    readonly env: Readonly<Record<string, string>>
  }

describe("the user's environment does not change what runs", () => {
  beforeEach(() => installed())

  test('a verb continues on the Node that package.json names', () => {
    const manifest = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8'))
    expect(seenBy({}).version).toBe(`v${manifest.devDependencies.node}`)
  })

  test('what changes how Node, Java, Postgres, Kafka, git or npm behave is not passed on', () => {
    const names = [
      ...['NODE_ENV', 'NODE_PATH', 'NODE_USE_ENV_PROXY', 'NODE_TLS_REJECT_UNAUTHORIZED', 'TMPDIR'],
      ...['JAVA_TOOL_OPTIONS', '_JAVA_OPTIONS', 'JDK_JAVA_OPTIONS', 'CLASSPATH', 'FLINK_CONF_DIR'],
      ...['KAFKA_OPTS', 'KAFKA_HEAP_OPTS', 'PGHOST', 'PGOPTIONS', 'PGSSLMODE', 'PGUSER', 'LC_ALL'],
      ...['LD_LIBRARY_PATH', 'GIT_DIR', 'GIT_INDEX_FILE', 'HOST', 'PORT', 'PYTHONPATH'],
      ...['npm_config_ignore_scripts', 'npm_config_omit', 'NPM_CONFIG_DRY_RUN'],
    ]
    const given = Object.fromEntries(names.map((name) => [name, '/nowhere']))
    const { env } = seenBy({ ...given, NODE_OPTIONS: '--no-warnings' })
    expect([...names, 'NODE_OPTIONS'].filter((name) => name in env)).toEqual([])
  })

  test('language and time zone are the same everywhere', () => {
    const { env } = seenBy({ LANG: 'de_DE.ISO-8859-1', TZ: 'Asia/Tokyo' })
    expect(env).toMatchObject({ LANG: 'C.UTF-8', TZ: 'UTC' })
  })

  test('what says how registries are reached, or which tests run, is passed on', () => {
    const given = Object.fromEntries(
      [
        ...['http_proxy', 'HTTPS_PROXY', 'MAVEN_OPTS', 'JAVA_HOME', 'TEN_SEAMS_INSTANCE', 'TERM'],
        ...['npm_config_registry', 'npm_config_userconfig', 'NPM_CONFIG_CAFILE', 'PIP_INDEX_URL'],
      ].map((name) => [name, 'x']),
    )
    expect(seenBy(given).env).toMatchObject(given)
  })

  test("variables to which the user's settings of npm and Maven refer are passed on", () => {
    write('.npmrc', '//registry.example.com/:_authToken=${NPM_TOKEN}\nx=${NODE_OPTIONS}\n')
    write('.m2/settings.xml', '<password>${env.MAVEN_PASSWORD}</password>')
    const given = { NPM_TOKEN: 'a', MAVEN_PASSWORD: 'b' }
    const { env } = seenBy({ ...given, HOME: root, OTHER: 'c', NODE_OPTIONS: '--no-warnings' })
    expect(env).toMatchObject(given)
    expect(['OTHER', 'NODE_OPTIONS'].filter((name) => name in env)).toEqual([])
  })

  test('no request to this machine goes through a proxy', () => {
    const { env } = seenBy({ HTTP_PROXY: 'http://proxy:3128', NO_PROXY: 'example.com' })
    expect(env.NO_PROXY).toBe('example.com,127.0.0.1,localhost,::1')
    expect(env.no_proxy).toBe(env.NO_PROXY)
  })
})

test('a Node 24 that this machine cannot run is named in one line, with the next step', () => {
  installed()
  rmSync(join(root, nodeProgram))
  write(nodeProgram, 'of another machine', 0o644)
  const { status, stderr } = begin()
  expect(status).toBe(2)
  expect(stderr).toMatch(/cannot be run: spawn .* EACCES\. .*remove node_modules/)
  expect(stderr).not.toMatch(/^\s+at /m)
})

describe('the packages are installed', () => {
  test('with everything, whatever the user leaves out elsewhere', () => {
    npmThatLeaves(complete)
    const result = begin({
      NODE_ENV: 'production',
      npm_config_ignore_scripts: 'true',
      npm_config_omit: 'dev',
      npm_config_registry: 'https://registry.example.com/',
    })
    expect(result.status).toBe(0)
    const { args, env } = npmCall()
    expect(args[0]).toBe('ci')
    expect(args).toEqual(
      expect.arrayContaining(['--include=dev', '--include=optional', '--ignore-scripts=false']),
    )
    expect(env).not.toHaveProperty('NODE_ENV')
    expect(env).not.toHaveProperty('npm_config_ignore_scripts')
    expect(env).toHaveProperty('npm_config_registry', 'https://registry.example.com/')
  })

  test('again when somebody else has left out a package that this machine needs', () => {
    installed({ 'node_modules/node': {} })
    npmThatLeaves(complete)
    expect(begin().status).toBe(0)
    expect(npmCall().args[0]).toBe('ci')
  })

  test('not again when they are all there', () => {
    installed()
    npmThatLeaves({})
    expect([begin().status, begin().status]).toEqual([0, 0])
    expect(npmCall).toThrow(/ENOENT/)
  })

  test('or the verb is refused in one line with the next step', () => {
    npmThatLeaves({ 'node_modules/node': {} })
    const { status, stderr, stdout } = begin()
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/has left out native-for-us: look for `omit`/)
    expect(stderr).not.toMatch(/^\s+at /m)
  })

  test('and without npm that is said in one line', () => {
    const { status, stderr } = begin({ PATH: join(root, 'bin') })
    expect(status).toBe(2)
    expect(stderr).toMatch(/npm cannot be run/)
    expect(stderr).not.toMatch(/^\s+at /m)
  })
})

test('npm does not go on alone when its start is ended', { timeout: 30_000 }, async () => {
  const pidFile = join(root, 'npm-pid')
  write(
    'bin/npm',
    '#!/bin/sh\necho $$ > npm-pid.new && mv npm-pid.new npm-pid && exec sleep 60\n',
    0o755,
  )
  const { PATH = '', HOME = '/' } = process.env
  const child = spawn(process.execPath, [join(root, 'deploy/local/begin.js'), 'stack'], {
    ...{ cwd: root, stdio: 'ignore', env: { PATH: `${join(root, 'bin')}:${PATH}`, HOME } },
  })
  const ended = once(child, 'exit')
  await expect.poll(() => existsSync(pidFile), { timeout: 10_000 }).toBe(true)
  const pid = Number(readFileSync(pidFile, 'utf8'))
  child.kill('SIGTERM')
  expect(await ended).toEqual([2, null])
  expect(() => process.kill(pid, 0)).toThrow('ESRCH')
})
