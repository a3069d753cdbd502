import { type TSchema, Type } from 'typebox'
import { describe, expect, test } from 'vitest'
import {
  brokersSetting,
  commonSettings,
  databaseSetting,
  inboxSettings,
  memorySetting,
  readSettings,
  SettingsError,
  webAddressSetting,
} from './settings.ts'

const schema = Type.Object({
  ...commonSettings,
  DATABASE_URL: databaseSetting,
})

const files = {
  CREDENTIALS_FILE: 'own.json',
  CALLERS_FILE: 'callers.json',
  AUDIT_FILE: 'audit.log',
}

describe('settings', () => {
  test('are typed, completed with defaults, and frozen', () => {
    const settings = readSettings(schema, {
      ...files,
      PORT: '20000',
      DATABASE_URL: 'postgres://r@x/y',
      OTHER: '1',
    })
    expect(settings).toEqual({
      ...files,
      HOST: '127.0.0.1',
      PORT: 20_000,
      LOG_LEVEL: 'info',
      DATABASE_URL: 'postgres://r@x/y',
      ALLOWED_HOSTS: [],
      DRAIN_MS: 200,
      OTEL_SDK_DISABLED: false,
      OTEL_TRACES_EXPORTER: 'none',
      OTEL_EXPORTER_ZIPKIN_ENDPOINT: 'http://127.0.0.1:9411/api/v2/spans',
      TRACES_PER_SECOND: 2,
    })
    expect(Object.isFrozen(settings)).toBe(true)
  })

  test('list the names in Host that are allowed', () => {
    const environment = {
      ...files,
      PORT: '1',
      DATABASE_URL: 'postgres://r@x/y',
      ALLOWED_HOSTS: 'a.b,c',
    }
    expect(readSettings(schema, environment).ALLOWED_HOSTS).toEqual(['a.b', 'c'])
  })

  test('that are invalid are all listed at once', () => {
    const read = () => readSettings(schema, { PORT: 'many', LOG_LEVEL: 'loud' })
    expect(read).toThrow(SettingsError)
    expect(read).toThrow(/PORT[\s\S]*LOG_LEVEL[\s\S]*|DATABASE_URL/)
    for (const name of ['PORT', 'LOG_LEVEL', 'DATABASE_URL']) expect(read).toThrow(name)
  })
})

describe('a setting is refused at the start, and not when it is first used', () => {
  const read = (type: TSchema, value: string) =>
    readSettings(Type.Object({ VALUE: type }), { VALUE: value })

  test.each(['nowhere', ',', 'a:1,', 'a:1,b', 'a:b', 'http://a:1', ' a:1', 'a:123456'])(
    'brokers that are "%s"',
    (value) => {
      expect(() => read(brokersSetting, value)).toThrow('VALUE')
    },
  )

  test.each(['http', 'http:', 'http://', 'httpx://a', 'ftp://a', 'http:///a', 'http://a b'])(
    'an address that is "%s"',
    (value) => {
      expect(() => read(webAddressSetting, value)).toThrow('VALUE')
    },
  )

  test.each(['0MB', '12', '1 GB', '99999999999GB', '-1GB', '1TB'])(
    'a limit of memory that is "%s"',
    (value) => {
      expect(() => read(memorySetting('1GB'), value)).toThrow('VALUE')
    },
  )

  test.each(['9007199254740991', '1e300', 'Infinity', '-1'])(
    'a life that is %s ms, before which no time of Postgres is',
    (value) => {
      expect(() => read(inboxSettings.INBOX_LIFE_MS, value)).toThrow('VALUE')
    },
  )

  test.each(['Infinity', '-Infinity', 'NaN', '', '1.5', 'many'])(
    'a number that is "%s"',
    (value) => {
      expect(() => read(Type.Integer({ minimum: 1 }), value)).toThrow(/\n {2}VALUE: must be/)
    },
  )

  test('and the usual ones are taken', () => {
    expect(read(brokersSetting, '127.0.0.1:20011,[::1]:9,kafka-0.kafka:9092')).toBeDefined()
    expect(read(webAddressSetting, 'https://a:1/apis/ccompat/v7')).toBeDefined()
    expect(read(memorySetting('1GB'), '512MB')).toEqual({ VALUE: '512MB' })
    expect(read(inboxSettings.INBOX_LIFE_MS, '3153600000000')).toBeDefined()
  })
})

test.each([
  'postgres://orders_service:secret@127.0.0.1:1/shop',
  'postgres://127.0.0.1:1/shop',
  'postgres://:secret@127.0.0.1:1/shop',
  'http://orders_service@127.0.0.1:1/shop',
])('a database’s address has a role and no password, so not %s', (address) => {
  const read = () =>
    readSettings(Type.Object({ DATABASE_URL: databaseSetting }), { DATABASE_URL: address })
  expect(read).toThrow('DATABASE_URL')
  expect(read).not.toThrow('secret')
})
