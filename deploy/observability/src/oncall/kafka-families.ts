import { refuseMore, wholeNumber } from '@tenseams/cli/arguments'
import { UsageError } from '@tenseams/cli/errors'
import { aclsOf } from '@tenseams/contracts/rights/acls'
import { readUsers } from '@tenseams/contracts/rights/users'
import { readTopics } from '@tenseams/contracts/topics'
import { loginIn } from '@tenseams/kafka/access/login'
import { openKafka } from '@tenseams/kafka/client'
import { DeadLetters } from '@tenseams/kafka/dead-letter'
import { GroupOffsets } from '@tenseams/kafka/groups/group-offsets'
import {
  abortHanging,
  endTransaction,
  openTransactions,
} from '@tenseams/kafka/transactions/transactions'
import type { Asked } from './arguments.ts'
import type { Found } from './http-families.ts'
import { newPosition, planReset, positionLines, targetOf } from './offsets.ts'
import { planPark } from './park.ts'
import { type ReadingGroup, readerLines } from './readers.ts'
import { type Chosen, planAbort, transactionLines } from './transactions.ts'

const clientId = 'oncall'
const accessOf = ({ brokers, credentialsFile }: Asked) => ({ brokers, credentialsFile, clientId })

/** Open transactions, or the plan to end one. */
export async function transactionsOf(asked: Asked): Promise<Found> {
  const chosen = asked.command === undefined ? refuseMore(asked.rest) : chosenIn(asked.rest)
  const leastMs = wholeNumber('--older-than', asked.olderThan, { most: 999_999 }) * 1_000
  const access = { ...accessOf(asked), login: loginIn(asked.credentialsFile)() }
  const open = await openTransactions(access)
  if (chosen === undefined) {
    const lines = open.length === 0 ? ['no transaction is open'] : transactionLines(open)
    return { kind: 'shown', lines }
  }
  const plan = planAbort(open, chosen, {
    leastMs,
    end: (transaction) => endTransaction(access, transaction),
    abort: (producer) => abortHanging(access, producer),
  })
  return { kind: 'planned', plan }
}

function chosenIn([first, second, ...more]: readonly string[]): Chosen {
  refuseMore(more)
  if (first === undefined) {
    throw new UsageError('abort takes a transactional id, or a topic and a partition')
  }
  if (second === undefined) return { transactionalId: first }
  return { topic: first, partition: wholeNumber('the partition', second) }
}

/** Where a group stands, or the plan to let it continue elsewhere. */
export async function offsetsOf(asked: Asked): Promise<Found> {
  const [group, topic, ...more] = asked.rest
  refuseMore(more)
  if (group === undefined) throw new UsageError('offsets: of which group?')
  const offsets = new GroupOffsets(accessOf(asked))
  if (asked.command === undefined) {
    const topics = topic === undefined ? await offsets.topicsOf(group) : [topic]
    const positions = await Promise.all(topics.map((each) => offsets.positions(group, each)))
    const { state, members } = await offsets.stateOf(group)
    const head = `group ${group}  ${state}  ${members.length} members`
    return { kind: 'shown', lines: [head, ...positionLines(positions.flat())] }
  }
  if (topic === undefined || asked.to === undefined) {
    throw new UsageError('offsets reset takes a group, a topic and --to')
  }
  const target = targetOf(asked.to)
  const partition = asked.partition && wholeNumber('--partition', asked.partition)
  const all = await offsets.positions(group, topic)
  const positions = all.filter((one) => partition === undefined || one.partition === partition)
  if (positions.length === 0) throw new UsageError(`${topic} has no partition ${asked.partition}`)
  const found = target.kind === 'time' ? await offsets.offsetsAt(topic, target.at) : undefined
  const moves = positions.map((position) => {
    const to = newPosition(position, target, found?.get(position.partition))
    return { ...position, to }
  })
  const commit = (due: typeof moves | readonly (typeof moves)[number][]) =>
    offsets.commit(group, due)
  return { kind: 'planned', plan: planReset(await offsets.stateOf(group), moves, commit) }
}

/** The plan to park the record at which a group stands. */
export async function parkOf(asked: Asked): Promise<Found> {
  const [group, topic, partitionText, offsetText, ...more] = asked.rest
  refuseMore(more)
  if (topic === undefined || group === undefined || !partitionText || !offsetText) {
    throw new UsageError('park takes a group, a topic, a partition and an offset')
  }
  const partition = wholeNumber('the partition', partitionText)
  const offset = BigInt(wholeNumber('the offset', offsetText))
  const offsets = new GroupOffsets(accessOf(asked))
  const positions = await offsets.positions(group, topic)
  const position = positions.find((one) => one.partition === partition)
  if (position === undefined) throw new UsageError(`${topic} has no partition ${partition}`)
  const { committed = position.first, end } = position
  const isThere = committed <= offset && committed < end
  const record = isThere ? await offsets.recordAt(topic, partition, committed) : undefined
  const plan = planPark(await offsets.stateOf(group), position, record, {
    ...{ offset, reason: asked.reason },
    write: async (deadLetter) => {
      const deadLetters = new DeadLetters(openKafka(accessOf(asked)))
      try {
        await deadLetters.write(deadLetter)
      } finally {
        await deadLetters.close()
      }
    },
    commit: (to) => offsets.commit(group, [{ topic, partition, to }]),
  })
  return { kind: 'planned', plan }
}

/** Who may write and read a topic, and who does. */
export async function readersOf(asked: Asked): Promise<Found> {
  const [topic, ...more] = asked.rest
  refuseMore(more)
  if (topic === undefined) throw new UsageError('readers: of which topic?')
  const topics = readTopics()
  const offsets = new GroupOffsets(accessOf(asked))
  const groups: ReadingGroup[] = []
  for (const group of await offsets.groups()) {
    const positions = await offsets.positions(group, topic)
    if (positions.every(({ committed }) => committed === undefined)) continue
    groups.push({ ...(await offsets.stateOf(group)), positions })
  }
  const declared = topics.find(({ name }) => name === topic)
  const acls = aclsOf(topics, readUsers())
  return { kind: 'shown', lines: readerLines(topic, { declared, acls, groups }) }
}
