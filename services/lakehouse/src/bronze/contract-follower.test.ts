import { RegistryUnavailableError } from '@tenseams/codec/errors'
import type { PublishedVersion } from '@tenseams/codec/registry'
import { parseSchema } from '@tenseams/contracts/schemas'
import { faultOf } from '@tenseams/service/fault'
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

/** One record per schema id; null is a value without one. */
function records(...ids: readonly (number | null)[]): readonly KafkaMessage[] {
  return ids.map((id, offset) => {
    const value = Buffer.alloc(6)
    if (id !== null) value.writeUInt32BE(id, 1)
    const message = { key: null, timestamp: '0', attributes: 0, headers: {} }
    return { ...message, offset: String(offset), value: id === null ? Buffer.of(1, 2) : value }
  })
}

/** A registry with the given newest version, or an unavailable one. */
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

describe('whether a contract has a newer version', () => {
  it('is asked once per schema id, however many records have it', async () => {
    const registry = registryWith({ ...second, id: 11, version: 1 })
    const follower = new ContractFollower(registry)
    expect(await follower.newerThan('things', first, records(11, 11))).toBeUndefined()
    expect(await follower.newerThan('things', first, records(11, 11, 11))).toBeUndefined()
    expect(registry.asked).toEqual(['things-value'])
    await follower.newerThan('things', first, records(11, 12))
    expect(registry.asked, 'a stranger is a reason to ask').toHaveLength(2)
  })

  it('is asked for each topic separately', async () => {
    const registry = registryWith(undefined)
    const follower = new ContractFollower(registry)
    await follower.newerThan('things', first, records(11))
    await follower.newerThan('others', first, records(11))
    expect(registry.asked).toEqual(['things-value', 'others-value'])
  })

  it('is not asked for values without a schema id, which belong to no contract', async () => {
    const registry = registryWith(second)
    const follower = new ContractFollower(registry)
    expect(await follower.newerThan('things', first, records(null))).toBeUndefined()
    expect(registry.asked).toEqual([])
  })

  it('is answered with the newest version, ready to decode with', async () => {
    const follower = new ContractFollower(registryWith(second))
    expect(await follower.newerThan('things', first, records(12))).toEqual({
      ...{ version: 2, format: 'avro', text: second.text },
      schema: parseSchema(second.text, 'things/2.avsc'),
    })
  })

  it('is answered again until the table has switched, because a released batch is fetched again', async () => {
    const follower = new ContractFollower(registryWith(second))
    await follower.newerThan('things', first, records(12))
    expect(await follower.newerThan('things', first, records(12))).toMatchObject({ version: 2 })
    expect(await follower.newerThan('things', { ...first, version: 2 }, records(12))).toBe(
      undefined,
    )
  })

  it('never goes back: a build that is ahead of the registry keeps its own version', async () => {
    const follower = new ContractFollower(registryWith(second))
    expect(await follower.newerThan('things', { ...first, version: 3 }, records(11))).toBe(
      undefined,
    )
  })

  it('is not known while the registry is unavailable, and is asked again later', async () => {
    const registry = registryWith(second)
    const follower = new ContractFollower(registry)
    registry.isAway = true
    const asking = follower.newerThan('things', first, records(12))
    await expect(asking).rejects.toThrow(RegistryUnavailableError)
    registry.isAway = false
    expect(await follower.newerThan('things', first, records(12))).toMatchObject({ version: 2 })
  })

  it('that no reader here can read stops no other record, and its own are refused', async () => {
    const text = textOf('eventId').replace('"string"', '{"type":"enum","name":"E","symbols":["A"]}')
    const follower = new ContractFollower(registryWith({ ...second, text }))
    expect(await follower.newerThan('things', first, records(11, 12, 13))).toBeUndefined()
    const [old, own, garbage] = records(11, 12, 13)
    if (old === undefined || own === undefined || garbage === undefined) expect.fail()
    expect(follower.refusalOf('others', own.value)).toBeUndefined()
    expect([old, garbage].map(({ value }) => follower.refusalOf('things', value))).toEqual([
      undefined,
      undefined,
    ])
    expect(faultOf(follower.refusalOf('things', own.value))).toBe('record')
    expect(await follower.newerThan('things', first, records(11, 12))).toBeUndefined()
  })

  it('is remembered for ten thousand ids, not more', async () => {
    const registry = registryWith(undefined)
    const follower = new ContractFollower(registry)
    const ids = Array.from({ length: 10_000 }, (_, id) => id)
    await follower.newerThan('things', first, records(...ids))
    await follower.newerThan('things', first, records(5))
    expect(registry.asked, 'the first is forgotten by then').toHaveLength(2)
  })
})
