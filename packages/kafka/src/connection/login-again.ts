import type { Login, LoginSource } from '../access/login.ts'
import { changeKafkajs } from './change-kafkajs.ts'

/** What kafkajs keeps of a login, one for all connections of a client. */
export type Sasl = Login & { readonly source?: LoginSource }

type Authenticator = { readonly connection: { sasl: Sasl; disconnect(): Promise<unknown> } }

/**
 * Lets each connection of kafkajs ask for its login when it authenticates. kafkajs 2.2.4 takes user, password and mechanism once
 * for a client's whole life, and keeps the mechanism's implementation as well (broker/saslAuthenticator/index.js), so after a
 * rotation a service could not reconnect until it was started again. A connection that cannot log in is closed: kafkajs leaves it open,
 * and a process with it does not end.
 */
export function loginAgain(): void {
  changeKafkajs('broker/saslAuthenticator/index', 'logs-in-again', askForLogin)
}

function askForLogin({ prototype }: { readonly prototype: object }): void {
  const authenticator = prototype as { authenticate(this: Authenticator): Promise<void> }
  const authenticate = authenticator.authenticate
  authenticator.authenticate = async function (this: Authenticator) {
    const { source } = this.connection.sasl
    try {
      if (source !== undefined) this.connection.sasl = { ...source(), source }
      return await authenticate.call(this)
    } catch (error) {
      await this.connection.disconnect()
      throw error
    }
  }
}

/** kafkajs's setting for a source. It reads mechanism, user and password only behind `loginAgain`. */
export function saslFrom(source: LoginSource): Sasl {
  return { username: '', password: '', mechanism: 'scram-sha-512', source }
}
