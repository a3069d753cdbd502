import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openKafka } from '../client.ts'
import { type Sasl, saslFrom } from '../connection/login-again.ts'
import { connectWorkerLogin, javaLoginSection } from './java-login.ts'
import { type Login, loginIn, saslOf } from './login.ts'
import { requireRights } from './rights.ts'

const folder = mkdtempSync(join(tmpdir(), 'ten-seams-login-'))
const file = join(folder, 'orders.json')
afterAll(() => rmSync(folder, { recursive: true }))

const first: Login = { username: 'orders', password: 'one', mechanism: 'scram-sha-512' }
const second: Login = { username: 'orders', password: 'two"\\', mechanism: 'scram-sha-256' }
const write = (kafka: unknown) => writeFileSync(file, JSON.stringify({ identity: 'orders', kafka }))

describe('a login', () => {
  it('is read anew for each connection, so that a rotation needs no restart', () => {
    write(first)
    const source = loginIn(file)
    expect(source()).toEqual(first)
    write(second)
    expect(source()).toEqual(second)
  })

  it('is of one moment, mechanism and password together', () => {
    write(first)
    const sasl = saslOf(loginIn(file))
    const { mechanism, username, password } = sasl
    expect([mechanism, username, password]).toEqual(['SCRAM-SHA-512', 'orders', 'one'])
    write(second)
    expect(sasl.mechanism).toBe('SCRAM-SHA-256')
    expect(sasl.password).toBe(second.password)
  })

  it.each([
    ['no user of Kafka', undefined, 'has no user of Kafka: set CREDENTIALS_FILE'],
    ['another mechanism', { ...first, mechanism: 'plain' }, 'has no user of Kafka'],
    ['no password', { ...first, password: '' }, 'has no user of Kafka'],
  ])('is refused with the next step when the file has %s', (_, kafka, message) => {
    write(kafka)
    expect(loginIn(file)).toThrow(message)
  })

  it('is refused without quoting the file, because what is in there may be a secret', () => {
    writeFileSync(file, '{"kafka": hunter2')
    expect(loginIn(file)).toThrow('it is no JSON')
    expect(loginIn(file)).not.toThrow('hunter2')
    expect(loginIn(join(folder, 'none.json'))).toThrow('(ENOENT): `npm run stack -- up`')
  })

  it('reaches Java quoted, with the name that the class has in its jar', () => {
    write(second)
    expect(javaLoginSection(file, 'shaded.')).toBe(
      'KafkaClient {\n  shaded.org.apache.kafka.common.security.scram.ScramLoginModule required username="orders" password="two\\"\\\\";\n};\n',
    )
    expect(connectWorkerLogin(file)['producer.sasl.mechanism']).toBe('SCRAM-SHA-256')
  })
})

type Connection = {
  sasl: Sasl
  send: (request: object) => Promise<never>
  disconnect: () => Promise<void>
}
type Authenticator = { authenticate(): Promise<void> }

describe("kafkajs's connections", () => {
  it('each ask for their login, although they share their settings, and are closed when they are refused', async () => {
    write(first)
    openKafka({ brokers: '127.0.0.1:1', clientId: 'test', credentialsFile: file })
    const SaslAuthenticator: new (...given: unknown[]) => Authenticator = createRequire(
      import.meta.url,
    )('kafkajs/src/broker/saslAuthenticator/index')
    const shared = saslFrom(loginIn(file))
    const authenticated = async (): Promise<Sasl> => {
      const send = () => Promise.reject(new Error('enough'))
      let isOpen = true
      const disconnect = async () => {
        isOpen = false
      }
      const connection: Connection = { sasl: shared, send, disconnect }
      const versions = {
        17: { minVersion: 0, maxVersion: 1 },
        36: { minVersion: 0, maxVersion: 1 },
      }
      const authenticator = new SaslAuthenticator(connection, {}, versions, true)
      await expect(authenticator.authenticate()).rejects.toThrow('enough')
      expect(isOpen).toBe(false)
      return connection.sasl
    }
    expect(await authenticated()).toMatchObject(first)
    write(second)
    expect(await authenticated()).toMatchObject(second)
  })
})

describe('rights that a process needs', () => {
  it('are no reason to stop while no broker answers', async () => {
    write(first)
    const warnings: string[] = []
    await requireRights(
      {
        ...{ brokers: '127.0.0.1:1', clientId: 'test', credentialsFile: file },
        log: { warn: (_, message) => warnings.push(message) },
      },
      { reads: ['orders.order.v1'], writes: [], groups: [], transactionalIds: [] },
    )
    expect(warnings).toEqual(['rights in Kafka are not known yet'])
  })
})
