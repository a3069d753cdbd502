import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readCredentials } from '@tenseams/identities/credentials'
import { replaceCredentials } from '@tenseams/identities/store'
import { compare } from 'bcryptjs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Context } from '../plan/part.ts'
import { openContext } from '../supervise/context.ts'
import {
  type MonitoringServer,
  monitoringFiles,
  updateMonitoringLogins,
  writeAlertmanagerFiles,
  writeMonitoringLogins,
  writePrometheusFiles,
} from './monitoring-files.ts'

const root = mkdtempSync(join(tmpdir(), 'tenseams-monitoring-files-'))
afterAll(() => rmSync(root, { recursive: true }))

let context: Context
beforeAll(async () => {
  context = await openContext({ root, instance: 'watched' })
})

async function letsIn(server: MonitoringServer, name: string, token: string): Promise<boolean> {
  const file = monitoringFiles(context.paths).logins(server)
  const { basic_auth_users: users } = JSON.parse(readFileSync(file, 'utf8'))
  return users[name] !== undefined && compare(token, users[name])
}

const tokenOf = async (name: Parameters<Context['secrets']['fileOf']>[0]) =>
  (await readCredentials(context.secrets.fileOf(name))).token ?? ''

describe('who may log in to Prometheus and Alertmanager', () => {
  test('nobody before they are started for the first time', async () => {
    await updateMonitoringLogins(context)
    expect(() => statSync(monitoringFiles(context.paths).folder)).toThrow()
  })

  test('readers at the one, and whoever may silence an alert at the other', async () => {
    await writeMonitoringLogins(context)
    const [reader, operator] = [await tokenOf('reader'), await tokenOf('operator')]
    expect(await letsIn('prometheus', 'reader', reader)).toBe(true)
    expect(await letsIn('prometheus', 'reader', operator)).toBe(false)
    expect(await letsIn('alertmanager', 'reader', reader)).toBe(false)
    expect(await letsIn('alertmanager', 'operator', operator)).toBe(true)
  })

  test('is in files that nobody else reads, without a token of theirs', async () => {
    const files = monitoringFiles(context.paths)
    const text = readFileSync(files.logins('prometheus'), 'utf8')
    expect(text).not.toContain(await tokenOf('operator'))
    for (const file of [files.logins('prometheus'), files.token('alertmanager')]) {
      expect(statSync(file).mode & 0o777).toBe(0o600)
    }
  })

  test('changes with a rotation', async () => {
    const file = context.secrets.fileOf('operator')
    const former = await tokenOf('operator')
    await replaceCredentials(file, { ...(await readCredentials(file)), token: 'another' })
    await updateMonitoringLogins(context)
    expect(await letsIn('alertmanager', 'operator', former)).toBe(false)
    expect(await letsIn('alertmanager', 'operator', 'another')).toBe(true)
  })
})

describe('the settings of an instance', () => {
  test('have the rules of the profile that was asked for last, and no other', async () => {
    const { paths, settings } = context
    const files = monitoringFiles(paths)
    const options = { targets: [], alertmanager: '127.0.0.1:1' }
    await writePrometheusFiles(paths, { ...settings, alerts: 'drill' }, options)
    const drill = readFileSync(join(files.rules, 'slo.yml'), 'utf8')
    await writePrometheusFiles(paths, settings, options)
    const normal = readFileSync(join(files.rules, 'slo.yml'), 'utf8')
    expect([drill.includes('[15s]'), normal.includes('[15s]')]).toEqual([true, false])
    expect(readdirSync(files.rules)).toContain('money.yml')
    const config = readFileSync(files.config('prometheus'), 'utf8')
    expect(config).toContain(join(files.rules, '*.yml'))
  })

  test('tell Alertmanager where the pager is', async () => {
    const { paths, settings } = context
    await writeAlertmanagerFiles(paths, settings, 'http://127.0.0.1:1/notifications')
    const text = readFileSync(monitoringFiles(paths).config('alertmanager'), 'utf8')
    expect(text).toContain('url: http://127.0.0.1:1/notifications')
  })
})
