import { open } from 'node:fs/promises'
import { CredentialsError } from './errors.ts'

export type KafkaMechanism = 'scram-sha-256' | 'scram-sha-512'

/** A user of Kafka. Its two mechanisms are two credentials, which a rotation uses in turn. */
export type KafkaCredentials = {
  readonly username: string
  readonly password: string
  readonly mechanism: KafkaMechanism
}

/** What an identity logs in with; each part only where the identity has it. */
export type Secrets = {
  readonly kafka?: KafkaCredentials
  /** Passwords by role. */
  readonly postgres?: Readonly<Record<string, string>>
  /** The bearer token for control routes. */
  readonly token?: string
}

/** The content of one identity's file. */
export type Credentials = Secrets & {
  readonly identity: string
  /**
   * Only while a rotation is under way (rotation.ts): what the identity will log in with. Either one may be refused during that
   * time, so whoever is refused with one tries the other.
   */
  readonly next?: Secrets
  /** Only at the end of a rotation, while the former secrets are being removed. */
  readonly retiring?: boolean
}

/**
 * Reads an identity's file. Call it for each new connection, so that a rotation needs no restart.
 *
 * @throws CredentialsError when the file is missing, cannot be read, is malformed, or can be read by other users.
 */
export async function readCredentials(file: string): Promise<Credentials> {
  return parseCredentials(file, await readOwnOnly(file))
}

/** The file is looked at and read by one handle, so nobody exchanges it between the two. */
async function readOwnOnly(file: string): Promise<string> {
  try {
    await using handle = await open(file)
    const mode = (await handle.stat()).mode & 0o777
    if ((mode & 0o077) !== 0) {
      throw new CredentialsError(
        `${file} can be used by other users of this machine (mode ${mode.toString(8)}): run \`chmod 600 ${file}\`, and rotate its secrets if somebody may have read them`,
      )
    }
    return await handle.readFile('utf8')
  } catch (cause) {
    if (cause instanceof CredentialsError) throw cause
    throw new CredentialsError(unreadable(file, cause), { cause })
  }
}

function unreadable(file: string, cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (code === 'ENOENT') {
    return `there is no file of credentials ${file}: \`npm run stack -- up\` makes those of an instance; elsewhere set CREDENTIALS_FILE to the file of your identity`
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return `the file of credentials ${file} is of another user: run this as its owner`
  }
  return `the file of credentials ${file} cannot be read (${code ?? 'unknown'}): set CREDENTIALS_FILE to a file that can`
}

/** No part of the text gets into the error: it may be a secret. */
function parseCredentials(file: string, text: string): Credentials {
  const wrong = (what: string) =>
    new CredentialsError(
      `${file} is no file of credentials: ${what}. Write it anew, or remove it and run \`npm run stack -- up\`, which makes new secrets`,
    )
  const parsed = parseJson(text)
  if (!isObject(parsed)) throw wrong('it is not a JSON object')
  const { identity } = parsed
  if (!isText(identity)) throw wrong('"identity" is missing')
  const next = parsed.next === undefined ? undefined : parsed.next
  if (next !== undefined && !isObject(next)) throw wrong('"next" is not an object')
  return {
    identity,
    ...secretsIn(parsed, wrong),
    ...(next !== undefined && { next: secretsIn(next, wrong) }),
    ...(parsed.retiring === true && { retiring: true }),
  }
}

function secretsIn(parsed: JsonObject, wrong: (what: string) => Error): Secrets {
  const { kafka, postgres, token } = parsed
  if (kafka !== undefined && !isKafka(kafka)) {
    throw wrong('"kafka" needs a username, a password and the mechanism scram-sha-256 or -512')
  }
  if (postgres !== undefined && !isPasswords(postgres)) {
    throw wrong('"postgres" is not an object of passwords by role')
  }
  if (token !== undefined && !isText(token)) throw wrong('"token" is not a text')
  return {
    ...(kafka !== undefined && { kafka }),
    ...(postgres !== undefined && { postgres }),
    ...(token !== undefined && { token }),
  }
}

type JsonObject = Readonly<Record<string, unknown>>

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The error of JSON.parse quotes the text.
    return undefined
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function isKafka(value: unknown): value is KafkaCredentials {
  if (!isObject(value) || !isText(value.username) || !isText(value.password)) return false
  return value.mechanism === 'scram-sha-256' || value.mechanism === 'scram-sha-512'
}

function isPasswords(value: unknown): value is Readonly<Record<string, string>> {
  return isObject(value) && Object.values(value).every(isText)
}
