import {
  type Connection,
  describeGroupsV5,
  initProducerIdV4,
  metadataV12,
} from '@platformatic/kafka'
import type { Log } from '@tenseams/telemetry/log'
import type { KafkaAccess } from '../client.ts'
import { loginIn } from './login.ts'
import { protocolErrorsIn, UnreachableError, withConnection } from './raw-connection.ts'

/** What a program is going to do in Kafka. */
export type NeededRights = {
  /** The topics that it reads. */
  readonly reads: readonly string[]
  /** The topics that it writes. */
  readonly writes: readonly string[]
  /** The groups in which it commits offsets. */
  readonly groups: readonly string[]
  /** What its transactional ids begin with. */
  readonly transactionalIds: readonly string[]
}

/** Kafka refuses what the program needs. It always will, until the rights change. */
export class RightRefusedError extends Error {
  readonly code = 'RIGHT_REFUSED'
  readonly retriable = false
}

/** What the id of a client begins with that only asks what it may do: the broker does not take that for a use of the right. */
export const askingPrefix = 'asks-rights.'

/**
 * Asks the broker for the rights of a program before it begins, because a refused right looks like an outage afterwards: kafkajs
 * reports a refused transactional id as a coordinator that is missing, and asks for ever. When the broker does not answer there is
 * no verdict, and the program begins and waits for it as always.
 *
 * @throws RightRefusedError with every right that is missing and the next step.
 */
export async function requireRights(
  access: KafkaAccess & { readonly clientId: string; readonly log: Pick<Log, 'warn'> },
  needed: NeededRights,
): Promise<void> {
  const { credentialsFile, log } = access
  if (credentialsFile === undefined) return
  const login = loginIn(credentialsFile)()
  const clientId = `${askingPrefix}${access.clientId}`
  const lacking = await withConnection({ ...access, clientId, login }, (connection) =>
    lackingRights(connection, needed),
  ).catch((error: unknown) => {
    if (!(error instanceof UnreachableError)) throw error
    log.warn({ err: error }, 'rights in Kafka are not known yet')
    return []
  })
  if (lacking.length === 0) return
  const whats = lacking.map((what) => `  ${login.username} may not ${what}`)
  throw new RightRefusedError(
    [
      'Kafka refuses rights that this process needs:',
      ...whats,
      'They follow from contracts/topics.yaml and contracts/users.yaml. When those have them: npm run contracts -- publish. Otherwise add them there, or correct what the process does.',
    ].join('\n'),
  )
}

async function lackingRights(
  connection: Connection,
  { reads, writes, groups, transactionalIds }: NeededRights,
): Promise<readonly string[]> {
  const topics = await topicOperations(connection, [...new Set([...reads, ...writes])])
  const memberships = await groupOperations(connection, groups)
  const refused: string[] = []
  for (const prefix of transactionalIds) {
    if (!(await mayTransact(connection, prefix))) refused.push(prefix)
  }
  return [
    ...reads.filter((topic) => !has(topics.get(topic), READ)).map((topic) => `read ${topic}`),
    ...writes.filter((topic) => !has(topics.get(topic), WRITE)).map((topic) => `write ${topic}`),
    ...groups
      .filter((group) => !has(memberships.get(group), READ))
      .map((group) => `read as a member of the group ${group}`),
    ...refused.map((prefix) => `write in transactions ${prefix}…`),
  ]
}

/** Kafka's numbers of operations: a set bit is an operation that the user may do. */
const READ = 3
const WRITE = 4

function has(operations: number | undefined, operation: number): boolean {
  return operations !== undefined && (operations & (1 << operation)) !== 0
}

/** Kafka's numbers of errors that a topic or a group may have in an answer. */
const NO_ERROR = 0
const refusals = { topic: 29, group: 30 } as const
/** Of a topic that is not there yet, or a group whose coordinator is another broker: there is no verdict. */
const EVERYTHING = -1

function operationsOf(kind: keyof typeof refusals, errorCode: number, operations: number): number {
  if (errorCode === NO_ERROR) return operations
  return errorCode === refusals[kind] ? 0 : EVERYTHING
}

async function topicOperations(connection: Connection, topics: readonly string[]) {
  if (topics.length === 0) return new Map<string, number>()
  const answer = await answerOf(() => metadataV12.api.async(connection, [...topics], false, true))
  return new Map(
    answer.topics.map(({ name, errorCode, topicAuthorizedOperations }) => [
      name ?? '',
      operationsOf('topic', errorCode, topicAuthorizedOperations),
    ]),
  )
}

async function groupOperations(connection: Connection, groups: readonly string[]) {
  if (groups.length === 0) return new Map<string, number>()
  const answer = await answerOf(() => describeGroupsV5.api.async(connection, [...groups], true))
  return new Map(
    answer.groups.map(({ groupId, errorCode, authorizedOperations }) => [
      groupId,
      operationsOf('group', errorCode, authorizedOperations),
    ]),
  )
}

/** An answer with errors for some of its topics or groups is still an answer. */
async function answerOf<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof Error && 'response' in error && error.response !== undefined) {
      return error.response as Answer
    }
    throw error
  }
}

const TRANSACTION_TIMEOUT_MS = 1_000

/** Only an id of its own is asked for: a producer id for one in use would end its owner's transaction. */
async function mayTransact(connection: Connection, prefix: string): Promise<boolean> {
  try {
    await initProducerIdV4.api.async(connection, `${prefix}rights`, TRANSACTION_TIMEOUT_MS)
    return true
  } catch (error) {
    return !protocolErrorsIn(error).some((name) => name.endsWith('AUTHORIZATION_FAILED'))
  }
}
