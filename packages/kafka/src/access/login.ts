import { readFileSync } from 'node:fs'
import type { SASLOptions } from '@platformatic/kafka'

/** What a client logs in with. `plain` is the broker's own, on its own listener. */
export type Login = {
  readonly username: string
  readonly password: string
  readonly mechanism: 'scram-sha-256' | 'scram-sha-512' | 'plain'
}

/** Asked for each new connection, so that a rotation of credentials needs no restart. */
export type LoginSource = () => Login

/**
 * The user of Kafka in an identity's file of credentials, read anew for each connection.
 *
 * @returns a source that throws LoginError when the file cannot be read, or its identity has no user of Kafka.
 */
export function loginIn(credentialsFile: string): LoginSource {
  return () => {
    const kafka = kafkaIn(credentialsFile)
    if (isLogin(kafka)) return kafka
    throw new LoginError(
      `${credentialsFile} has no user of Kafka: set CREDENTIALS_FILE to the file of an identity that has one`,
    )
  }
}

/** A client cannot log in, because it does not know with what. The message says the next step and no secret. */
export class LoginError extends Error {
  readonly code = 'LOGIN_UNKNOWN'
  readonly retriable = false
}

function kafkaIn(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).kafka
  } catch (error) {
    // The message of JSON.parse quotes the file. The cause is left out for the same reason.
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'it is no JSON'
    throw new LoginError(
      `the credentials in ${file} cannot be read (${why}): \`npm run stack -- up\` makes those of an instance; elsewhere set CREDENTIALS_FILE to the file of an identity`,
    )
  }
}

function isLogin(value: unknown): value is Login {
  if (typeof value !== 'object' || value === null) return false
  const { username, password, mechanism } = value as Readonly<Record<string, unknown>>
  const isText = (text: unknown) => typeof text === 'string' && text !== ''
  return (
    isText(username) &&
    isText(password) &&
    (mechanism === 'scram-sha-256' || mechanism === 'scram-sha-512')
  )
}

/** The setting `sasl` of a client of @platformatic/kafka; none for a client that is anonymous. */
export function saslSetting(credentialsFile: string | undefined): { readonly sasl?: SASLOptions } {
  return credentialsFile === undefined ? {} : { sasl: saslOf(loginIn(credentialsFile)) }
}

/** The same for @platformatic/kafka, which reads mechanism, user and password in this order, at once, for each connection. */
export function saslOf(source: LoginSource): SASLOptions {
  let login: Login | undefined
  const current = () => {
    login ??= source()
    return login
  }
  return {
    get mechanism() {
      login = source()
      return mechanismOf(login)
    },
    get username() {
      return current().username
    },
    get password() {
      return current().password
    },
  }
}

/** Kafka's name of the mechanism with which an identity logs in now. */
export function mechanismIn(credentialsFile: string): string {
  return mechanismOf(loginIn(credentialsFile)())
}

function mechanismOf({ mechanism }: Login): SASLOptions['mechanism'] {
  if (mechanism === 'plain') return 'PLAIN'
  return mechanism === 'scram-sha-256' ? 'SCRAM-SHA-256' : 'SCRAM-SHA-512'
}
