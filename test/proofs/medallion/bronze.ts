import { type LakePorts, queryTable } from '@tenseams/iceberg/read/query'
import { bronzeNameOf } from '@tenseams/lakehouse-service/bronze/bronze-table'
import { rawTopics } from '@tenseams/lakehouse-service/bronze/raw-change-table'
import type { ReadRecord } from '../../support/kafka.ts'
import { topics } from '../eos/provocations/scene.ts'
import { differences } from './comparison.ts'

/** Every topic that has a table in bronze. */
export const bronzeTopics: readonly string[] = [...Object.values(topics), ...rawTopics]

/** Each committed record is in bronze once, at its offset; ticks are no rows. */
export async function bronzeEqualsTopics(
  ports: LakePorts,
  records: readonly ReadRecord[],
): Promise<readonly string[]> {
  const found: string[] = []
  for (const topic of bronzeTopics) {
    const rows = await queryTable(
      ports,
      bronzeNameOf(topic),
      `SELECT kafka_partition || '@' || kafka_offset AS position FROM rows`,
    )
    const committed = records.filter(
      (record) => record.topic === topic && record.headers.eventType !== 'tick',
    )
    const wanted = committed.map(({ partition, offset }) => keyed(`${partition}@${offset}`))
    const held = rows.map(({ position }) => keyed(String(position)))
    found.push(...differences(`I1 bronze of ${topic}`, wanted, held))
  }
  return found
}

const keyed = (key: string) => ({ key, text: '' })
