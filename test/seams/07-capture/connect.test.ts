import { askConnect } from '@tenseams/debezium/connect-api'
import { connectors } from '@tenseams/debezium/connectors'
import { beforeAll, expect, test } from 'vitest'
import { type TestStack, useStack } from '../../support/stack.ts'

let stack: TestStack

beforeAll(async () => {
  stack = await useStack()
})

const answerOf = async <Answer>(path: string): Promise<Answer> =>
  JSON.parse((await askConnect(stack.endpoints, path)).text) as Answer

test('Connect has the line of Debezium that was asked for, and no other', async () => {
  const plugins = await answerOf<{ class: string; version: string }[]>('/connector-plugins')
  const { debezium } = stack.context.settings
  const versions = plugins
    .filter((plugin) => plugin.class.startsWith('io.debezium.'))
    .map(({ version }) => version)
  expect(versions).toEqual([expect.stringMatching(new RegExp(`^${debezium}\\.`))])
})

/** Handed on to converters and to Connect itself, or (the last one) heeded by every line and listed by none. */
const notListed = /^(key|value)\.converter\.|^topic\.creation\.|^field\.name\.adjustment\.mode$/

/** What to do with events from before a column: 2.7 and 3.6 have another name for it, and heed only their own. */
const ofEitherLine = /\.table\.fields?\.additional\.(error\.on\.)?missing$/

test.each(connectors)('%s: each of its settings is one that this line knows', async (name) => {
  const configuration = await answerOf<Record<string, string>>(`/connectors/${name}/config`)
  const { text } = await askConnect(
    stack.endpoints,
    '/connector-plugins/GatheringPostgresConnector/config/validate',
    'PUT',
    JSON.stringify(configuration),
  )
  const verdict = JSON.parse(text) as {
    error_count: number
    configs: { value: { name: string; errors: string[] } }[]
  }
  const known = new Set(verdict.configs.map(({ value }) => value.name))
  const unknown = Object.keys(configuration).filter((key) => !known.has(key))
  expect(unknown.filter((key) => !notListed.test(key) && !ofEitherLine.test(key))).toEqual([])
  const errors = verdict.configs.filter(({ value }) => value.errors.length > 0)
  expect(errors.map(({ value }) => [value.name, value.errors])).toEqual([])
  expect(verdict.error_count).toBe(0)
})

test.each(connectors)(
  '%s: nothing that Connect shows of it contains the password',
  async (name) => {
    const configuration = await answerOf<Record<string, string>>(`/connectors/${name}/config`)
    expect(configuration['database.password']).toMatch(/^\$\{file:\/[^}]*:debezium\.password\}$/)
    const shown = ['', '/config', '/tasks', '/status', '/offsets'].map(async (path) => {
      return (await askConnect(stack.endpoints, `/connectors/${name}${path}`)).text
    })
    const all = (await Promise.all(shown)).join('\n')
    expect(all).toContain(':debezium.password}')
    expect(all).not.toContain(stack.secrets.postgresPasswords.debezium)
  },
)
