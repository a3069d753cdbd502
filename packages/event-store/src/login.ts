import type { PostgresPasswords } from '@tenseams/identities/postgres-password'
import pg from 'pg'
import { parseIntoClientConfig } from 'pg-connection-string'

/** How a pool is opened, with its database's address and without a password. */
export type LoginOptions = Omit<pg.PoolConfig, 'connectionString' | 'password' | 'Client'> & {
  readonly databaseUrl: string
  readonly passwords: PostgresPasswords
}

type Connected = (error: Error | undefined, client?: pg.PoolClient, done?: () => void) => void

/** Postgres' code for a wrong password. */
const REFUSED = '28P01'

/**
 * A pool whose connections ask for the password when they are opened. While a rotation is under way there are two, of which
 * Postgres takes one: who is refused with the one tries the other, so no query fails because of it. Connections that are open
 * stay open.
 */
export class LoginPool extends pg.Pool {
  constructor({ databaseUrl, passwords, ...options }: LoginOptions) {
    // `connectionString` would replace the password by the empty one of the address.
    const address = parseIntoClientConfig(databaseUrl)
    super({ ...address, ...options, Client: clientWith(new Login(passwords)) })
  }

  override connect(): Promise<pg.PoolClient>
  override connect(callback: Connected): void
  override connect(callback?: Connected): Promise<pg.PoolClient> | undefined {
    if (callback !== undefined) {
      this.#connect(callback)
      return
    }
    return new Promise((resolve, reject) => {
      this.#connect((error, client) => (client === undefined ? reject(error) : resolve(client)))
    })
  }

  #connect(callback: Connected): void {
    super.connect((error, client, done) => {
      if (isRefused(error)) super.connect(callback)
      else callback(error, client, done)
    })
  }
}

/**
 * Opens one connection, with the other password when Postgres refuses the first.
 *
 * @throws the error of the last attempt.
 */
export async function connectWith(
  config: Omit<pg.ClientConfig, 'password'>,
  passwords: PostgresPasswords,
): Promise<pg.Client> {
  const login = new Login(passwords)
  const Client = clientWith(login)
  const open = async () => {
    const client = new Client(config)
    // When Postgres closes the connection between two statements, the next one fails.
    client.on('error', () => undefined)
    await client.connect()
    return client
  }
  return open().catch((error) => (isRefused(error) ? open() : Promise.reject(error)))
}

/** Which of the passwords to try. What Postgres has refused is tried last. */
class Login {
  readonly #passwords: PostgresPasswords
  #refused: readonly string[] = []

  constructor(passwords: PostgresPasswords) {
    this.#passwords = passwords
  }

  async password(): Promise<string> {
    const known = await this.#passwords()
    this.#refused = this.#refused.filter((each) => known.includes(each))
    if (this.#refused.length === known.length) this.#refused = []
    return known.find((each) => !this.#refused.includes(each)) ?? ''
  }

  refuse(password: string): void {
    if (!this.#refused.includes(password)) this.#refused = [...this.#refused, password]
  }
}

function clientWith(login: Login): new (config?: pg.ClientConfig) => pg.Client {
  return class extends pg.Client {
    readonly #given: { password: string }

    constructor(config: pg.ClientConfig = {}) {
      const given = { password: '' }
      super({
        ...config,
        password: async () => {
          given.password = await login.password()
          return given.password
        },
      })
      this.#given = given
    }

    override connect(): Promise<pg.Client>
    override connect(callback: (error: Error) => void): void
    override connect(callback?: (error: Error) => void): Promise<pg.Client> | undefined {
      const attempted = (error: Error | undefined) => {
        if (isRefused(error)) login.refuse(this.#given.password)
      }
      if (callback === undefined) {
        return super.connect().catch((error) => {
          attempted(error)
          throw error
        })
      }
      super.connect((error: Error) => {
        attempted(error)
        callback(error)
      })
    }
  }
}

function isRefused(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === REFUSED
}
