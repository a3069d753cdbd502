import type { LoopStep } from '@tenseams/kafka/partition-owner'
import type { Stack } from '@tenseams/local/launcher/supervise/stack'
import { type Decided, FulfilmentProcess, type Slow } from './fulfilment-process.ts'
import { committedOffsets, type Offsets, untilBeyond } from './offsets.ts'
import { type Scene, topics } from './scene.ts'

/** Long enough to be met, and short enough that orders do not pile up. */
const slowOwner = (at: LoopStep): Slow => ({ at, ms: 3_000 })
const reading = { groupId: 'fulfilment', topic: topics.orders } as const

/** An owner is killed when its output is sent and its offsets are not. Its partition's next owner begins there again. */
export async function killBehindTheOutput({ stack, journal }: Scene): Promise<void> {
  const owner = await FulfilmentProcess.start(stack, slowOwner('sent'))
  try {
    await owner.isInside()
    const inHand = owner.undecided()
    await owner.end('SIGKILL')
    const left = await offsetsOf(stack, inHand)
    journal.note('an owner was killed behind its output', { partitions: inHand })
    await untilBeyond(stack, reading, left)
  } finally {
    await owner.end('SIGKILL')
  }
}

/** An owner is stopped inside of a transaction, another takes its partitions over, and it goes on as if it were theirs. */
export async function goOnAfterTakeover({ stack, journal, guarded }: Scene): Promise<void> {
  const owner = await FulfilmentProcess.start(stack, slowOwner('sent'))
  try {
    await owner.isInside()
    owner.stop()
    const inHand = owner.undecided()
    journal.note('an owner was stopped inside of a transaction', { partitions: inHand })
    await untilBeyond(stack, reading, await offsetsOf(stack, inHand))
    const mark = owner.told
    owner.goOn()
    const decided = await owner.decides(inHand, mark)
    journal.note('it has gone on', { decided })
    if (guarded) assertFenced(decided)
  } finally {
    await owner.end('SIGTERM')
  }
}

/**
 * An owner is stopped before it commits, and goes on when its heir is halfway through the takeover: it has done the
 * first of its two steps and is slow before the second.
 */
export async function commitDuringTakeover({ stack, journal, guarded }: Scene): Promise<void> {
  const heir = await FulfilmentProcess.start(stack, { at: 'half-taken', ms: 8_000 })
  try {
    const owner = await FulfilmentProcess.start(stack, slowOwner('offsets-sent'))
    try {
      // The heir is to be the only one that can take over.
      await stack.kill('fulfilment')
      await owner.isInside()
      owner.stop()
      const inHand = owner.undecided()
      journal.note('an owner was stopped before its commit', { partitions: inHand })
      const left = await offsetsOf(stack, inHand)
      const partition = await heir.pauses(inHand, heir.told)
      const mark = owner.told
      owner.goOn()
      const decided = await owner.decides([partition], mark)
      journal.note('it has gone on during the takeover', { partition, decided })
      if (guarded) assertFenced(decided)
      await untilBeyond(stack, reading, left)
    } finally {
      await owner.end('SIGTERM')
    }
  } finally {
    await heir.end('SIGTERM')
    await stack.restart('fulfilment')
  }
}

async function offsetsOf(stack: Stack, partitions: readonly number[]): Promise<Offsets> {
  const all = await committedOffsets(stack, reading.groupId, reading.topic)
  return new Map([...all].filter(([partition]) => partitions.includes(partition)))
}

function assertFenced(decided: readonly Decided[]): void {
  if (decided.every((each) => each === 'fenced')) return
  throw new Error(`the old owner should have been fenced, and was: ${decided.join(', ')}`)
}
