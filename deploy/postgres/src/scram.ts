import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'

/** Postgres' default. A connection costs as many rounds, so more of them make a login slower, and a random secret gains nothing. */
const ITERATIONS = 4_096

/**
 * What Postgres stores of a password (RFC 5803). `alter role … password` takes it as it takes a password, so the password
 * itself is in no statement, and in no log that a failing statement ends in.
 *
 * @param password of printable ASCII, which every generated secret is: others would have to be prepared by RFC 4013 first.
 */
export function scramVerifier(password: string, salt: Buffer = randomBytes(16)): string {
  const salted = pbkdf2Sync(password, salt, ITERATIONS, 32, 'sha256')
  const hmac = (text: string) => createHmac('sha256', salted).update(text).digest()
  const storedKey = createHash('sha256').update(hmac('Client Key')).digest('base64')
  const serverKey = hmac('Server Key').toString('base64')
  return `SCRAM-SHA-256$${ITERATIONS}:${salt.toString('base64')}$${storedKey}:${serverKey}`
}
