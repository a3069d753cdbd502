import { readFile } from 'node:fs/promises'
import { rawChangeGroup } from '@tenseams/local/launcher/install/server-logins'
import { describe, expect, test } from 'vitest'
import { configurationOf, connectors, fill, secretsProvider } from './connectors.ts'
import { notificationTopic, rawTables, rawTopicOf } from './raw-topics.ts'

describe('a connector’s file', () => {
  test('is filled in where a name is known, and otherwise left alone', () => {
    expect(fill('${PORT} ${routedByValue} ${OTHER}', { PORT: '1' })).toBe(
      '1 ${routedByValue} ${OTHER}',
    )
  })

  test.each(connectors)(
    '%s: never creates publications, requires exactly-once delivery',
    async (name) => {
      const text = await readFile(new URL(`../${name}.json`, import.meta.url), 'utf8')
      expect(JSON.parse(text)).toMatchObject({
        'publication.autocreate.mode': 'disabled',
        'exactly.once.support': 'required',
        'slot.name': name,
        'publication.name': name,
      })
    },
  )
})

test.each(connectors)(
  '%s: its configuration, which Connect shows, only refers to a password',
  async (name) => {
    const configuration = await configurationOf(name, {
      postgres: { host: '127.0.0.1', port: 20_001 },
      registryUrl: 'http://127.0.0.1:20020',
      connectSecretsFile: '/run/connect.properties',
    })
    const secrets = Object.entries(configuration).filter(([key]) => /password|secret/.test(key))
    expect(secrets).toContainEqual([
      'database.password',
      '${file:/run/connect.properties:debezium.password}',
    ])
    for (const [key, value] of secrets) {
      expect([key, value]).toEqual([
        key,
        expect.stringMatching(/^\$\{file:\/run\/connect\.properties:[a-z.]+\}$/),
      ])
    }
    expect(secretsProvider('/run/connect.properties')).toMatchObject({
      'config.providers': 'file',
      'config.providers.file.param.allowed.paths': '/run/connect.properties',
    })
  },
)

test('what it captures is registered in the group that is Connect’s alone, and under its own name', async () => {
  const settings = JSON.parse(await readFile(new URL('../cdc.json', import.meta.url), 'utf8'))
  for (const side of ['key', 'value']) {
    const converter = `${side}.converter.apicurio.registry`
    expect(settings[`${converter}.artifact.group-id`]).toBe(rawChangeGroup)
    expect(settings[`${side}.converter.apicurio.auth.username`]).toBe('connect')
  }
})

test('the topics that are created beforehand are those of the raw connector', async () => {
  const settings = JSON.parse(await readFile(new URL('../cdc.json', import.meta.url), 'utf8'))
  expect(settings['notification.sink.topic.name']).toBe(notificationTopic)
  const captured = String(settings['table.include.list']).split(',')
  for (const table of rawTables) {
    expect(captured).toContain(table)
    expect(rawTopicOf(table)).toBe(`${settings['topic.prefix']}.${table}`)
  }
})
