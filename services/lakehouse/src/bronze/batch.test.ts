import type { Codec } from '@tenseams/codec/codec'
import { ContractError } from '@tenseams/contracts/errors'
import { judgeFailure } from '@tenseams/kafka/failure'
import type { KafkaMessage } from 'kafkajs'
import { expect, test } from 'vitest'
import { decodeBatch } from './batch.ts'
import { type BronzeTable, bronzeNameOf } from './bronze-table.ts'

const bronze: BronzeTable = {
  ...{ topic: 'things', table: bronzeNameOf('things'), schema: { type: 'struct', fields: [] } },
  decode: async () => ({ schemaId: 1, value: { type: 'ThingMade' } }),
  rowOf: (_, { offset }) => ({ offset }),
}

const messageAt = (offset: number): KafkaMessage => ({
  ...{ key: null, value: Buffer.of(offset), timestamp: '0', attributes: 0, headers: {} },
  offset: String(offset),
})

test('a record of a version that cannot be read here is a dead letter, and those around it are rows', async () => {
  const refused = new ContractError('enums are not read')
  const decoded = await decodeBatch(
    {
      ...{ codec: {} as Codec, groupId: 'group' },
      refusalOf: (_, value) => (value?.[0] === 1 ? refused : undefined),
      judge: (_, error) => judgeFailure(error, { attempt: 1, ageMs: 0 }),
    },
    bronze,
    { partition: 0, messages: [0, 1, 2].map(messageAt) },
  )
  expect(decoded.rows).toEqual([{ offset: 0n }, { offset: 2n }])
  expect(decoded.deadLetters).toMatchObject([{ offset: '1', reason: 'contract-invalid' }])
})
