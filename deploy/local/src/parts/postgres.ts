import { existsSync } from 'node:fs'
import { chown, cp, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { host } from '@tenseams/cli/ports'
import { connectWith } from '@tenseams/event-store/login'
import { postgresPasswords } from '@tenseams/identities/postgres-password'
import { type PostgresHome, postgresHome } from '../launcher/host/postgres-home.ts'
import { untilNothingRemains } from '../launcher/host/postgres-remains.ts'
import { runProgram } from '../launcher/host/program.ts'
import type { Component, Context } from '../launcher/plan/part.ts'
import { everyProfile } from '../launcher/plan/profiles.ts'

const INITDB_TIMEOUT_MS = 120_000

/** Postgres 18 with logical decoding, from npm. Durable: fsync stays on. */
export const postgres: Component = {
  kind: 'component',
  name: 'postgres',
  title: 'Postgres 18, logical decoding on',
  profiles: everyProfile,
  needs: [],
  ports: ['postgres'],
  notice: ({ paths }) => {
    const { account, outside } = postgresHome(paths)
    if (outside === undefined) return undefined
    return `Postgres runs as the user ${account?.name}, who cannot enter this folder: its programs and data are in ${outside} (\`stack down --purge\` removes it)`
  },
  prepare: async (context) => {
    const home = postgresHome(context.paths)
    await copyPrograms(home)
    await untilNothingRemains(home.data)
    await initialise(home, context.secrets.postgresPasswords.postgres)
    await writeAccessRules(home)
  },
  command: async ({ paths, ports }) => {
    const home = postgresHome(paths)
    return {
      file: join(home.programs, 'bin', 'postgres'),
      arguments: ['-D', home.data, ...settingArguments(ports.postgres)],
      account: home.account,
      folder: home.data,
    }
  },
  isReady: answersQueries,
  readyTimeoutMs: 60_000,
  // SIGINT is Postgres' fast shutdown. With two replication slots in use it takes more than 6 s.
  stopSignal: 'SIGINT',
  stopTimeoutMs: 40_000,
}

function settingArguments(port: number): readonly string[] {
  return Object.entries(postgresSettings(port)).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ])
}

function postgresSettings(port: number): Readonly<Record<string, string | number>> {
  return {
    port,
    listen_addresses: host,
    unix_socket_directories: '',
    wal_level: 'logical',
    max_wal_senders: 12,
    max_replication_slots: 12,
    max_connections: 200,
    shared_buffers: '128MB',
    password_encryption: 'scram-sha-256',
    // Who has logged in to what, once a connection: the pools keep theirs, so no statement waits for it.
    log_connections: 'authorization',
    timezone: 'UTC',
    log_timezone: 'UTC',
    wal_sender_timeout: '60s',
    // A connector that is down keeps this much WAL at most; then its slot is lost, which `cdc -- recover` repairs without
    // losing an event. Without a limit it would fill the disk, which stops every service.
    max_slot_wal_keep_size: '2GB',
    // For whoever has no limits of their own (deploy/postgres/src/limits.ts), such as an operator's forgotten `begin`.
    idle_in_transaction_session_timeout: '60s',
  }
}

async function answersQueries({ endpoints, secrets }: Context): Promise<boolean> {
  const config = {
    ...{ ...endpoints.postgres, user: 'postgres', database: 'postgres' },
    connectionTimeoutMillis: 2_000,
    query_timeout: 2_000,
  }
  const client = await connectWith(config, postgresPasswords(secrets.fileOf('admin'), 'postgres'))
  try {
    await client.query('select 1')
    return true
  } finally {
    await client.end()
  }
}

/** Only when Postgres' user cannot enter the repository. An incomplete copy never gets the final name. */
async function copyPrograms(home: PostgresHome): Promise<void> {
  if (home.programs === home.source || existsSync(home.programs)) return
  const unfinished = `${home.programs}.unfinished`
  await rm(unfinished, { recursive: true, force: true })
  await cp(home.source, unfinished, { recursive: true, verbatimSymlinks: true })
  await rename(unfinished, home.programs)
}

/** An incomplete cluster never gets the final name, so after a crash here the next start begins again. */
async function initialise(home: PostgresHome, password: string): Promise<void> {
  if (existsSync(join(home.data, 'PG_VERSION'))) return
  const unfinished = `${home.data}.unfinished`
  const passwordFile = `${home.data}.password`
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(dirname(home.data), { recursive: true })
  await mkdir(unfinished, { mode: 0o700 })
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 })
  try {
    if (home.account) {
      await chown(unfinished, home.account.uid, home.account.gid)
      await chown(passwordFile, home.account.uid, home.account.gid)
    }
    await runProgram({
      file: join(home.programs, 'bin', 'initdb'),
      arguments: initdbArguments(unfinished, passwordFile),
      account: home.account,
      folder: unfinished,
      timeoutMs: INITDB_TIMEOUT_MS,
    })
    await rename(unfinished, home.data)
  } finally {
    await rm(passwordFile, { force: true })
  }
}

/**
 * Everybody logs in by SCRAM, and only from this machine. Nobody may open a connection for physical replication; Debezium's are
 * logical, for which the line of its database counts. Written at each start, so a cluster of before has the same rules.
 */
export const accessRules = `# Written at each start of the instance.
# type  database  user  address       method
host    all       all   ${host}/32  scram-sha-256
`

/** Into the file that is there, which keeps its owner and mode. Half a file after a crash is written anew at the next start. */
async function writeAccessRules(home: PostgresHome): Promise<void> {
  await writeFile(join(home.data, 'pg_hba.conf'), accessRules)
}

function initdbArguments(folder: string, passwordFile: string): readonly string[] {
  return [
    '-D',
    folder,
    '--username=postgres',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
  ]
}
