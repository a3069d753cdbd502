import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readCredentials } from '@tenseams/identities/credentials'
import { afterAll, expect, test } from 'vitest'
import { serviceComponents } from '../../parts/services.ts'
import { openContext } from '../supervise/context.ts'

const root = mkdtempSync(join(tmpdir(), 'tenseams-secrets-'))
afterAll(() => rmSync(root, { recursive: true }))

test('an instance of before there were identities keeps the passwords that its Postgres knows', async () => {
  const { paths } = await openContext({ root, instance: 'former' })
  rmSync(paths.secrets, { recursive: true })
  const postgresPasswords = { postgres: 'admins', orders_service: 'theirs' }
  writeFileSync(paths.formerSecrets, JSON.stringify({ postgresPasswords }), { mode: 0o600 })
  const { secrets } = await openContext({ root, instance: 'former' })
  expect(secrets.postgresPasswords).toMatchObject(postgresPasswords)
  expect(existsSync(paths.formerSecrets)).toBe(false)
  const { postgres } = await readCredentials(secrets.fileOf('orders'))
  expect(postgres?.orders_service).toBe('theirs')
})

test('no password is in a service’s arguments or environment', async () => {
  const context = await openContext({ root, instance: 'one' })
  const passwords = Object.values(context.secrets.postgresPasswords)
  for (const component of serviceComponents) {
    const command = JSON.stringify(await component.command(context))
    expect(passwords.filter((password) => command.includes(password))).toEqual([])
    expect(command).toContain(`secrets/${component.name}.json`)
  }
})
