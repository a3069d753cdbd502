import { Connection, MultipleErrors, ProtocolError } from '@platformatic/kafka'
import { causesOf } from '@tenseams/service/causes'
import { type Login, saslOf } from './login.ts'

export type RawAccess = {
  /** `host:port`, separated by commas: the first that answers is asked. */
  readonly brokers: string
  readonly clientId: string
  readonly login: Login | undefined
}

const CONNECT_TIMEOUT_MS = 3_000
const REQUEST_TIMEOUT_MS = 10_000

/**
 * Does `work` on one connection, for requests of Kafka's protocol that kafkajs does not have: quotas, users, and what a user is
 * authorized to.
 *
 * @throws UnreachableError when no broker can be reached, or none lets the user in.
 */
export async function withConnection<Made>(
  access: RawAccess,
  work: (connection: Connection) => Promise<Made>,
): Promise<Made> {
  const connection = await openConnection(access)
  try {
    return await work(connection)
  } finally {
    await connection.close().catch(() => undefined)
  }
}

/** A connection to the first broker that answers. @throws UnreachableError as `withConnection`. */
export async function openConnection(access: RawAccess): Promise<Connection> {
  const failures: unknown[] = []
  for (const broker of access.brokers.split(',')) {
    try {
      return await connect(access, broker)
    } catch (error) {
      failures.push(error)
    }
  }
  const message = `no broker at ${access.brokers} answers and takes the login`
  throw new UnreachableError(message, { cause: failures.at(-1) })
}

async function connect({ clientId, login }: RawAccess, broker: string): Promise<Connection> {
  const connection = new Connection(clientId, {
    connectTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    ...(login !== undefined && { sasl: saslOf(() => login) }),
  })
  // Its errors also reject what is asked of it.
  connection.on('error', () => undefined)
  const { hostname, port } = new URL(`kafka://${broker}`)
  try {
    await connection.connect(hostname.replace(/^\[|\]$/g, ''), Number(port))
    return connection
  } catch (error) {
    await connection.close().catch(() => undefined)
    throw error
  }
}

/** A broker that was not reached, or did not take the login. */
export class UnreachableError extends Error {
  readonly code = 'BROKER_UNREACHABLE'
  readonly retriable = true
}

/** The names of Kafka's errors in what a request has thrown, such as TOPIC_AUTHORIZATION_FAILED; empty for other failures. */
export function protocolErrorsIn(error: unknown): readonly string[] {
  return [...causesOf(error)].flatMap((each) => [
    ...(each instanceof ProtocolError ? [String(each.apiId)] : []),
    ...(each instanceof MultipleErrors ? each.errors.flatMap(protocolErrorsIn) : []),
  ])
}
