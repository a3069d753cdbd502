import { Type } from 'typebox'
import { describe, expect, test } from 'vitest'
import { commonSettings, readSettings, SettingsError } from './settings.ts'

const schema = Type.Object({
  ...commonSettings,
  DATABASE_URL: Type.String({ pattern: '^postgres://' }),
})

describe('settings', () => {
  test('are typed, completed with defaults, and frozen', () => {
    const settings = readSettings(schema, {
      PORT: '20000',
      DATABASE_URL: 'postgres://x/y',
      OTHER: '1',
    })
    expect(settings).toEqual({
      HOST: '127.0.0.1',
      PORT: 20_000,
      LOG_LEVEL: 'info',
      DATABASE_URL: 'postgres://x/y',
      ALLOWED_HOSTS: [],
      DRAIN_MS: 200,
    })
    expect(Object.isFrozen(settings)).toBe(true)
  })

  test('list the names in Host that are allowed', () => {
    const environment = { PORT: '1', DATABASE_URL: 'postgres://x/y', ALLOWED_HOSTS: 'a.b,c' }
    expect(readSettings(schema, environment).ALLOWED_HOSTS).toEqual(['a.b', 'c'])
  })

  test('that are invalid are all listed at once', () => {
    const read = () => readSettings(schema, { PORT: 'many', LOG_LEVEL: 'loud' })
    expect(read).toThrow(SettingsError)
    expect(read).toThrow(/PORT[\s\S]*LOG_LEVEL[\s\S]*|DATABASE_URL/)
    for (const name of ['PORT', 'LOG_LEVEL', 'DATABASE_URL']) expect(read).toThrow(name)
  })
})
