import { RegistryUnavailableError } from '@tenseams/codec/errors'
import type { PublishedVersion } from '@tenseams/codec/registry'
import { parseSchema } from '@tenseams/contracts/schemas'
import type { KafkaMessage } from 'kafkajs'
import { describe, expect, it } from 'vitest'
import type { TableContract } from './bronze-table.ts'
import { ContractFollower } from './contract-follower.ts'

const textOf = (...names: readonly string[]) =>
  JSON.stringify({
    ...{ type: 'record', name: 'Thing', namespace: 'test', doc: 'A thing.' },
    fields: names.map((name) => ({ name, type: 'string', doc: 'A value.' })),
  })
const first: TableContract = {
  version: 1,
  format: 'avro',
  text: textOf('eventId'),
  schema: parseSchema(textOf('eventId'), 'things/1.avsc'),
}
const second: PublishedVersion = {
  id: 12,
  version: 2,
  format: 'avro',
  text: textOf('eventId', 'made'),
}

/** Records by the schema's id in their value; null has no such id. */
function records(...ids: readonly (number | null)[]): readonly KafkaMessage[] {
  return ids.map((id, offset) => {
    const value = Buffer.alloc(6)
    if (id !== null) value.writeUInt32BE(id, 1)
    const message = { key: null, timestamp: '0', attributes: 0, headers: {} }
    return { ...message, offset: String(offset), value: id === null ? Buffer.of(1, 2) : value }
  })
}

/** A registry whose newest version is as told, or that is away. */
function registryWith(newest: PublishedVersion | undefined) {
  const asked: string[] = []
  const registry = {
    isAway: false,
    answer: newest,
    asked,
    newest: async (subject: string) => {
      asked.push(subject)
      if (registry.isAway) throw new Error('connection refused')
      return registry.answer
    },
  }
  return registry
}

describe('whether a contract has moved on', () => {
  it('is asked once an id, however many records bear it', async () => {
    const registry = registryWith({ ...second, id: 11, version: 1 })
    const follower = new ContractFollower(registry)
    expect(await follower.newerThan('things', first, records(11, 11))).toBeUndefined()
    expect(await follower.newerThan('things', first, records(11, 11, 11))).toBeUndefined()
    expect(registry.asked).toEqual(['things-value'])
    await follower.newerThan('things', first, records(11, 12))
    expect(registry.asked, 'a stranger is a reason to ask').toHaveLength(2)
  })

  it('is asked for each topic by itself', async () => {
    const registry = registryWith(undefined)
    const follower = new ContractFollower(registry)
    await follower.newerThan('things', first, records(11))
    await follower.newerThan('others', first, records(11))
    expect(registry.asked).toEqual(['things-value', 'others-value'])
  })

  it('is not asked for values without an id, which are no records of a contract', async () => {
    const registry = registryWith(second)
    const follower = new ContractFollower(registry)
    expect(await follower.newerThan('things', first, records(null))).toBeUndefined()
    expect(registry.asked).toEqual([])
  })

  it('is answered by the newest version, ready to be read with', async () => {
    const follower = new ContractFollower(registryWith(second))
    expect(await follower.newerThan('things', first, records(12))).toEqual({
      ...{ version: 2, format: 'avro', text: second.text },
      schema: parseSchema(second.text, 'things/2.avsc'),
    })
  })

  it('is answered again until the table follows: a batch that was given back comes once more', async () => {
    const follower = new ContractFollower(registryWith(second))
    await follower.newerThan('things', first, records(12))
    expect(await follower.newerThan('things', first, records(12))).toMatchObject({ version: 2 })
    expect(await follower.newerThan('things', { ...first, version: 2 }, records(12))).toBe(
      undefined,
    )
  })

  it('never leads back: a build that is ahead of the registry keeps its own version', async () => {
    const follower = new ContractFollower(registryWith(second))
    expect(await follower.newerThan('things', { ...first, version: 3 }, records(11))).toBe(
      undefined,
    )
  })

  it('is not known while the registry is away, and is asked again then', async () => {
    const registry = registryWith(second)
    const follower = new ContractFollower(registry)
    registry.isAway = true
    const asking = follower.newerThan('things', first, records(12))
    await expect(asking).rejects.toThrow(RegistryUnavailableError)
    registry.isAway = false
    expect(await follower.newerThan('things', first, records(12))).toMatchObject({ version: 2 })
  })

  it('is remembered for ten thousand ids and no more', async () => {
    const registry = registryWith(undefined)
    const follower = new ContractFollower(registry)
    const ids = Array.from({ length: 10_000 }, (_, id) => id)
    await follower.newerThan('things', first, records(...ids))
    await follower.newerThan('things', first, records(5))
    expect(registry.asked, 'the first is forgotten by then').toHaveLength(2)
  })
})
