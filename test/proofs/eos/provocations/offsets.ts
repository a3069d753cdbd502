import { eventually } from '@tenseams/local/launcher/host/wait'
import type { Stack } from '@tenseams/local/launcher/supervise/stack'
import { openKafka } from '../../../support/login.ts'

/** The committed offset of each partition: the next one to read; 0 where nothing was committed. */
export type Offsets = ReadonlyMap<number, bigint>

export async function committedOffsets(
  { endpoints }: Stack,
  groupId: string,
  topic: string,
): Promise<Offsets> {
  const admin = openKafka({ brokers: endpoints.kafkaBrokers, clientId: 'proof' }).admin()
  await admin.connect()
  try {
    const [read] = await admin.fetchOffsets({ groupId, topics: [topic] })
    const offsets = (read?.partitions ?? []).map(
      ({ partition, offset }) => [partition, BigInt(Math.max(0, Number(offset)))] as const,
    )
    return new Map(offsets)
  } finally {
    await admin.disconnect()
  }
}

/** Waits until a group has committed beyond these offsets. */
export async function untilBeyond(
  stack: Stack,
  { groupId, topic }: { readonly groupId: string; readonly topic: string },
  offsets: Offsets,
): Promise<void> {
  const isBeyond = async () => {
    const now = await committedOffsets(stack, groupId, topic)
    return [...offsets].every(([partition, offset]) => (now.get(partition) ?? 0n) > offset)
  }
  await eventually(isBeyond, {
    timeoutMs: 120_000,
    what: `${groupId} to continue`,
    intervalMs: 300,
  })
}
