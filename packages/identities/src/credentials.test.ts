import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readCredentials } from './credentials.ts'
import { postgresPasswords } from './postgres-password.ts'

const folder = mkdtempSync(join(tmpdir(), 'tenseams-credentials-'))
afterAll(() => rmSync(folder, { recursive: true }))

function fileWith(content: unknown, mode = 0o600): string {
  const file = join(folder, `${crypto.randomUUID()}.json`)
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  chmodSync(file, mode)
  return file
}

const orders = {
  identity: 'orders',
  kafka: { username: 'orders', password: 'k', mechanism: 'scram-sha-512' },
  postgres: { orders_service: 'p' },
  token: 't',
}

test('an identity’s file is read whole', async () => {
  expect(await readCredentials(fileWith(orders))).toEqual(orders)
  const rotating = { ...orders, next: { postgres: { orders_service: 'n' } } }
  expect(await readCredentials(fileWith(rotating))).toEqual(rotating)
})

test.each([0o644, 0o640, 0o604, 0o660, 0o610])(
  'a file of mode %o is refused, with the command that closes it',
  async (mode) => {
    const file = fileWith(orders, mode)
    await expect(readCredentials(file)).rejects.toThrow(`chmod 600 ${file}`)
  },
)

test('a missing file is an error that says who makes it', async () => {
  const reading = readCredentials(join(folder, 'none.json'))
  await expect(reading).rejects.toMatchObject({ code: 'CREDENTIALS_INVALID' })
  await expect(reading).rejects.toThrow(
    /no file of credentials .*npm run stack -- up.*CREDENTIALS_FILE/,
  )
})

test('a folder in the place of a file is an error with the next step', async () => {
  chmodSync(folder, 0o700)
  await expect(readCredentials(folder)).rejects.toThrow(
    /cannot be read \(EISDIR\): set CREDENTIALS_FILE/,
  )
})

test.each([
  ['', /not a JSON object/],
  ['{"identity":"orders","token":"a-secret"', /not a JSON object/],
  [[], /not a JSON object/],
  [null, /not a JSON object/],
  [{}, /"identity" is missing/],
  [{ identity: '' }, /"identity" is missing/],
  [{ identity: 'orders', kafka: { username: 'orders', password: 'a-secret' } }, /"kafka" needs/],
  [{ identity: 'orders', kafka: { ...orders.kafka, mechanism: 'plain' } }, /"kafka" needs/],
  [{ identity: 'orders', postgres: ['a-secret'] }, /"postgres" is not/],
  [{ identity: 'orders', postgres: { orders_service: 7 } }, /"postgres" is not/],
  [{ identity: 'orders', token: '' }, /"token" is not/],
  [{ identity: 'orders', next: 'a-secret' }, /"next" is not/],
  [{ identity: 'orders', next: { token: 1 } }, /"token" is not/],
])('%j is refused, and the error has none of its content', async (content, reason) => {
  const error = await readCredentials(fileWith(content)).catch((thrown: Error) => thrown)
  expect(error).toMatchObject({
    code: 'CREDENTIALS_INVALID',
    message: expect.stringMatching(reason),
  })
  expect(error).toMatchObject({ message: expect.stringContaining('npm run stack -- up') })
  expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('a-secret')
})

test('a role has one password, and two while a rotation is under way', async () => {
  expect(await postgresPasswords(fileWith(orders), 'orders_service')()).toEqual(['p'])
  const rotating = { ...orders, next: { postgres: { orders_service: 'n' } } }
  expect(await postgresPasswords(fileWith(rotating), 'orders_service')()).toEqual(['p', 'n'])
})

test('a role of another identity is an error that names the file', async () => {
  const file = fileWith(orders)
  await expect(postgresPasswords(file, 'payments_service')()).rejects.toThrow(
    `orders has no role payments_service in Postgres (${file})`,
  )
})
