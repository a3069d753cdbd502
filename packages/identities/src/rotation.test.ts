import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { type Credentials, readCredentials } from './credentials.ts'
import { type IdentityName, identities } from './identities.ts'
import { type LoginSystem, rotate, type SecretKind } from './rotation.ts'
import { completeStore, credentialsFileIn } from './store.ts'

const root = mkdtempSync(join(tmpdir(), 'tenseams-rotation-'))
afterAll(() => rmSync(root, { recursive: true }))

let store: { folder: string }
let file: string
/** What each system accepts now. Postgres knows one password at a time. */
let accepted: Record<SecretKind, readonly string[]>
/** What happened, in order. */
let steps: string[]
/** The step before which the process dies. */
let diesBefore: string | undefined

beforeEach(async () => {
  store = { folder: join(root, crypto.randomUUID()) }
  await completeStore(store)
  file = credentialsFileIn(store, 'auditor')
  accepted = { kafka: [], postgres: [], token: [] }
  steps = []
  diesBefore = undefined
  for (const { accept } of systems) await accept(await readCredentials(file))
  steps = []
})

const secretOf = (
  kind: SecretKind,
  secrets: Credentials | Credentials['next'],
): string | undefined => {
  if (kind === 'kafka')
    return secrets?.kafka && `${secrets.kafka.mechanism} ${secrets.kafka.password}`
  return kind === 'token' ? secrets?.token : secrets?.postgres?.auditor
}

const step = (name: string) => {
  if (name === diesBefore) throw new Error('killed')
  steps.push(name)
}

const system = (kind: SecretKind): LoginSystem => ({
  kind,
  accept: async (credentials) => {
    step(`${kind}${credentials.next === undefined ? ' alone' : ''}`)
    const all = [secretOf(kind, credentials), secretOf(kind, credentials.next)]
    const known = all.filter((each) => each !== undefined)
    accepted[kind] = kind === 'postgres' ? known.slice(-1) : known
  },
})

const systems = [system('kafka'), system('postgres'), system('token')]

const rotateAuditor = (of = systems, name: IdentityName = 'auditor') => {
  const identity = identities.find((each) => each.name === name)
  if (identity === undefined) throw new Error('unknown')
  return rotate({
    file: credentialsFileIn(store, name),
    identity,
    systems: of,
    restartReaders: async () => step('readers'),
  })
}

/** Somebody who tries the current secret, and then the next one. */
async function logsIn(kind: SecretKind): Promise<boolean> {
  const credentials = await readCredentials(file)
  return [credentials, credentials.next].some((each) => {
    const secret = secretOf(kind, each)
    return secret !== undefined && accepted[kind].includes(secret)
  })
}

test('after a rotation the new secrets are accepted, and none of the old ones', async () => {
  const before = await readCredentials(file)
  expect(await rotateAuditor()).toBe('rotated')
  const after = await readCredentials(file)
  expect(after.next ?? after.retiring).toBeUndefined()
  for (const kind of ['kafka', 'postgres', 'token'] as const) {
    expect(accepted[kind]).toEqual([secretOf(kind, after)])
    expect(secretOf(kind, after)).not.toBe(secretOf(kind, before))
  }
})

test('Kafka’s next credential is of the other mechanism, so that the current one stays valid', async () => {
  const mechanisms: unknown[] = []
  for (let turn = 0; turn < 3; turn += 1) {
    mechanisms.push((await readCredentials(file)).kafka?.mechanism)
    await rotateAuditor()
  }
  expect(mechanisms).toEqual(['scram-sha-512', 'scram-sha-256', 'scram-sha-512'])
})

test('readers that look at their start only are restarted when the new secret is accepted, and before the old one is not', async () => {
  await rotateAuditor()
  expect(steps).toEqual([
    ...['kafka', 'postgres', 'token', 'readers', 'kafka alone', 'postgres alone', 'token alone'],
  ])
})

describe.each([
  'kafka',
  'postgres',
  'token',
  'readers',
  'kafka alone',
  'postgres alone',
  'token alone',
])('a crash before the step "%s"', (death) => {
  test('leaves every login working, and running it again finishes it', async () => {
    diesBefore = death
    await expect(rotateAuditor()).rejects.toThrow('killed')
    for (const kind of ['kafka', 'postgres', 'token'] as const)
      expect(await logsIn(kind)).toBe(true)
    diesBefore = undefined
    expect(await rotateAuditor()).toBe('finished')
    const after = await readCredentials(file)
    expect(after.next ?? after.retiring).toBeUndefined()
    for (const kind of ['kafka', 'postgres', 'token'] as const) {
      expect(accepted[kind]).toEqual([secretOf(kind, after)])
    }
  })
})

test('a secret whose system is not given stays as it is', async () => {
  const before = await readCredentials(file)
  await rotateAuditor([system('postgres')])
  const after = await readCredentials(file)
  expect([after.kafka, after.token]).toEqual([before.kafka, before.token])
  expect(after.postgres).not.toEqual(before.postgres)
})

test('an identity without a secret of these systems is left alone', async () => {
  expect(await rotateAuditor([system('postgres')], 'fulfilment')).toBe('nothing to rotate')
  expect(steps).toEqual([])
})
