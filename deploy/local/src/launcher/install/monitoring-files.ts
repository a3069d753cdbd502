import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readCredentials } from '@tenseams/identities/credentials'
import type { IdentityName } from '@tenseams/identities/identities'
import { monitoringLogins } from '@tenseams/identities/server-rights'
import { alertmanagerConfig } from '@tenseams/observability/alertmanager'
import { prometheusConfig, type Target } from '@tenseams/observability/prometheus'
import { ruleFilesFor } from '@tenseams/observability/rule-files'
import { hash } from 'bcryptjs'
import type { Paths } from '../host/paths.ts'
import type { StackSettings } from '../plan/part.ts'
import { writeSecretFile } from './secret-file.ts'
import type { Secrets } from './secrets.ts'

type Instance = { readonly paths: Paths; readonly secrets: Pick<Secrets, 'fileOf'> }

export type MonitoringServer = keyof typeof monitoringLogins

/** The files with which Prometheus and Alertmanager are started. */
export function monitoringFiles({ run, data }: Pick<Paths, 'run' | 'data'>) {
  const folder = join(run, 'monitoring')
  return {
    folder,
    rules: join(folder, 'rules'),
    config: (server: MonitoringServer) => join(folder, `${server}.yml`),
    logins: (server: MonitoringServer) => join(folder, `${server}-logins.yml`),
    token: (server: MonitoringServer) => join(folder, `${server}.token`),
    data: (server: MonitoringServer) => join(data, server),
  }
}

/** bcrypt's least. It slows down guessing, and a token of 192 random bits cannot be guessed. */
const BCRYPT_COST = 4

/**
 * Writes who may log in to Prometheus and Alertmanager, as hashes, and the tokens by which the two log in elsewhere. Both read these
 * files again at each request, so this is also how they learn of a rotation. They know one token of an identity: while a rotation is
 * under way, the former one.
 *
 * @throws CredentialsError when an identity's file cannot be used.
 */
export async function writeMonitoringLogins({ paths, secrets }: Instance): Promise<void> {
  const files = monitoringFiles(paths)
  for (const server of ['prometheus', 'alertmanager'] as const) {
    const users = await Promise.all(
      monitoringLogins[server].map(async (name) => {
        return [name, await hash(await tokenOf(secrets, name), BCRYPT_COST)] as const
      }),
    )
    // JSON is YAML, and nothing in it needs to be escaped otherwise.
    const logins = { basic_auth_users: Object.fromEntries(users) }
    await writeSecretFile(files.logins(server), `${JSON.stringify(logins, null, 2)}\n`)
    await writeSecretFile(files.token(server), await tokenOf(secrets, server))
  }
}

/** The same after a step of a rotation, where they run or have run. */
export async function updateMonitoringLogins(instance: Instance): Promise<void> {
  if (existsSync(monitoringFiles(instance.paths).folder)) await writeMonitoringLogins(instance)
}

async function tokenOf(secrets: Instance['secrets'], name: IdentityName): Promise<string> {
  const { token } = await readCredentials(secrets.fileOf(name))
  if (token === undefined) throw new Error(`the identity ${name} is declared without a token`)
  return token
}

/** Prometheus' settings and the rules of the profile. */
export async function writePrometheusFiles(
  paths: Paths,
  settings: StackSettings,
  { targets, alertmanager }: { readonly targets: readonly Target[]; readonly alertmanager: string },
): Promise<void> {
  const files = monitoringFiles(paths)
  const profile = settings.alerts ?? 'normal'
  // Rules of another profile, or of files that are no more, would still be read.
  await rm(files.rules, { recursive: true, force: true })
  await mkdir(files.rules, { recursive: true })
  for (const [name, text] of ruleFilesFor(profile)) await writeFile(join(files.rules, name), text)
  const login = basicLogin(files.token('prometheus'))
  const config = prometheusConfig({
    ...{ profile, targets, ruleFiles: [join(files.rules, '*.yml')] },
    alertmanager: { address: alertmanager, login },
  })
  await writeFile(files.config('prometheus'), config)
}

/** How Prometheus logs in to itself and to Alertmanager. */
export function basicLogin(passwordFile: string) {
  return { kind: 'basic', username: 'prometheus', passwordFile } as const
}

/** Alertmanager's settings. @param url where notifications go */
export async function writeAlertmanagerFiles(
  paths: Paths,
  settings: StackSettings,
  url: string,
): Promise<void> {
  const files = monitoringFiles(paths)
  await mkdir(files.folder, { recursive: true, mode: 0o700 })
  const { alerts: profile = 'normal' } = settings
  const tokenFile = files.token('alertmanager')
  await writeFile(files.config('alertmanager'), alertmanagerConfig({ profile, url, tokenFile }))
}
