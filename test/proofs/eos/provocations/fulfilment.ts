import type { LoopStep } from '@tenseams/kafka/partition-owner'
import type { Stack } from '@tenseams/local/launcher/supervise/stack'
import { type Decided, FulfilmentProcess, type Slow } from './fulfilment-process.ts'
import { committedOffsets, type Offsets, untilBeyond } from './offsets.ts'
import { type Scene, topics } from './scene.ts'

/** Long enough to hit, and short enough that orders do not pile up. */
const slowOwner = (at: LoopStep): Slow => ({ at, ms: 3_000 })
const reading = { groupId: 'fulfilment', topic: topics.orders } as const

/** An owner is killed after its output is sent and before its offsets are. The next owner starts from the old offsets. */
export async function killBehindTheOutput({ stack, journal }: Scene): Promise<void> {
  const owner = await FulfilmentProcess.start(stack, slowOwner('sent'))
  try {
    await owner.isInside()
    const open = owner.undecided()
    await owner.end('SIGKILL')
    const left = await offsetsOf(stack, open)
    journal.note('an owner was killed after its output', { partitions: open })
    await untilBeyond(stack, reading, left)
  } finally {
    await owner.end('SIGKILL')
  }
}

/** An owner is stopped inside of a transaction, another takes its partitions over, and the first continues. */
export async function goOnAfterTakeover({ stack, journal, guarded }: Scene): Promise<void> {
  const owner = await FulfilmentProcess.start(stack, slowOwner('sent'))
  try {
    await owner.isInside()
    owner.stop()
    const open = owner.undecided()
    journal.note('an owner was stopped inside of a transaction', { partitions: open })
    await untilBeyond(stack, reading, await offsetsOf(stack, open))
    const mark = owner.told
    owner.goOn()
    const decided = await owner.decides(open, mark)
    journal.note('it has continued', { decided })
    if (guarded) assertFenced(decided)
  } finally {
    await owner.end('SIGTERM')
  }
}

/**
 * An owner is stopped before it commits, and continues while its successor is halfway through the takeover: the successor
 * has done the first of the two steps and is slow before the second.
 */
export async function commitDuringTakeover({ stack, journal, guarded }: Scene): Promise<void> {
  const successor = await FulfilmentProcess.start(stack, { at: 'half-taken', ms: 8_000 })
  try {
    const owner = await FulfilmentProcess.start(stack, slowOwner('offsets-sent'))
    try {
      // The successor must be the only one that can take over.
      await stack.kill('fulfilment')
      await owner.isInside()
      owner.stop()
      const open = owner.undecided()
      journal.note('an owner was stopped before its commit', { partitions: open })
      const left = await offsetsOf(stack, open)
      const partition = await successor.pauses(open, successor.told)
      const mark = owner.told
      owner.goOn()
      const decided = await owner.decides([partition], mark)
      journal.note('it has continued during the takeover', { partition, decided })
      if (guarded) assertFenced(decided)
      await untilBeyond(stack, reading, left)
    } finally {
      await owner.end('SIGTERM')
    }
  } finally {
    await successor.end('SIGTERM')
    await stack.restart('fulfilment')
  }
}

async function offsetsOf(stack: Stack, partitions: readonly number[]): Promise<Offsets> {
  const all = await committedOffsets(stack, reading.groupId, reading.topic)
  return new Map([...all].filter(([partition]) => partitions.includes(partition)))
}

function assertFenced(decided: readonly Decided[]): void {
  if (decided.every((each) => each === 'fenced')) return
  throw new Error(`the old owner was not fenced: ${decided.join(', ')}`)
}
