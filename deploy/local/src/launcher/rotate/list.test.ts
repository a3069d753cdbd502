import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readCredentials } from '@tenseams/identities/credentials'
import { replaceCredentials } from '@tenseams/identities/store'
import { afterAll, expect, test } from 'vitest'
import { openContext } from '../supervise/context.ts'
import { listLines } from './list.ts'
import { identityNamed } from './rotate-identity.ts'

const root = mkdtempSync(join(tmpdir(), 'tenseams-list-'))
afterAll(() => rmSync(root, { recursive: true }))

test('the list names what each identity logs in with, and no secret', async () => {
  const { secrets } = await openContext({ root, instance: 'one' })
  const text = (await listLines(secrets)).join('\n')
  expect(text).toMatch(/^orders +service +scram-sha-512 +orders_service vault_service +- +20\d\d-/m)
  for (const password of Object.values(secrets.postgresPasswords))
    expect(text).not.toContain(password)
  const { token = '', kafka } = await readCredentials(secrets.fileOf('operator'))
  expect(text).not.toContain(token)
  expect(text).not.toContain(kafka?.password)
})

test('a rotation that was interrupted is said, with how it is finished', async () => {
  const { secrets } = await openContext({ root, instance: 'two' })
  const file = secrets.fileOf('orders')
  const next = { postgres: { orders_service: 'n', vault_service: 'n' } }
  await replaceCredentials(file, { ...(await readCredentials(file)), next })
  expect((await listLines(secrets)).join('\n')).toMatch(
    /^orders .*not finished: run `npm run secrets -- rotate orders` again$/m,
  )
})

test('a name that nobody has is refused with those that there are', () => {
  expect(() => identityNamed('nobody')).toThrow(/no identity "nobody"; there are: orders, payments/)
})
