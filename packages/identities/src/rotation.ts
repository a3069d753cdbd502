import {
  type Credentials,
  type KafkaCredentials,
  readCredentials,
  type Secrets,
} from './credentials.ts'
import type { Identity } from './identities.ts'
import { newSecrets, replaceCredentials } from './store.ts'

/** A kind of secret that an identity may have. */
export type SecretKind = keyof Secrets

/** A system in which identities log in with one kind of secret. */
export type LoginSystem = {
  readonly kind: SecretKind
  /**
   * Makes the system accept what the file says and nothing else: its secret and, while a rotation is under way, the next one, too.
   * A system that accepts one at a time, as Postgres does, accepts the next one. Must be idempotent.
   */
  readonly accept: (credentials: Credentials) => Promise<void>
}

export type RotationOptions = {
  readonly file: string
  readonly identity: Identity
  readonly systems: readonly LoginSystem[]
  /** Starts those processes of the identity again that read its file at their start only. */
  readonly restartReaders: () => Promise<void>
}

/** `finished`: an interrupted rotation was brought to its end, and no new one was begun. */
export type RotationResult = 'rotated' | 'finished' | 'nothing to rotate'

/**
 * Gives an identity new secrets while its processes run. Each state is in the file, so a crash anywhere leaves a login that is
 * accepted, and running it again continues:
 *
 *     settled ── next is written ──► begun ── systems accept both ──► next replaces the current ──► retiring ──► settled
 *                                                                                        systems accept the new one only
 *
 * - Begun: whoever logs in tries the current secret and, when it is refused, the next one, so it does not matter which of the
 *   two a system accepts. Kafka accepts both, since they are credentials of two mechanisms; HTTP accepts both tokens; Postgres
 *   has one password a role, and accepts the old one until one statement makes it the new one.
 * - Retiring: the file has only the new secrets, which every system accepts. The old ones are being removed.
 *
 * Connections that are open stay open: neither Postgres nor Kafka asks again on them.
 *
 * @throws whatever a system throws. The file then says how far it was.
 */
export async function rotate(options: RotationOptions): Promise<RotationResult> {
  const { file, identity, systems } = options
  const found = await readCredentials(file)
  if (found.next !== undefined) return continueBegun(options, found)
  if (found.retiring === true) return retire(options, found)
  const next = nextSecrets(found, identity, systems)
  if (Object.keys(next).length === 0) return 'nothing to rotate'
  const begun = { ...found, next }
  await replaceCredentials(file, begun)
  await continueBegun(options, begun)
  return 'rotated'
}

/** The secrets of those kinds that the systems know, made anew. */
function nextSecrets(
  current: Credentials,
  identity: Identity,
  systems: readonly LoginSystem[],
): Secrets {
  const { kafka, postgres, token } = newSecrets(identity)
  const rotates = (kind: SecretKind) => systems.some((system) => system.kind === kind)
  return {
    ...(kafka && rotates('kafka') && { kafka: withOtherMechanism(kafka, current.kafka) }),
    ...(postgres && rotates('postgres') && { postgres }),
    ...(token !== undefined && rotates('token') && { token }),
  }
}

/** A user of Kafka has one credential a mechanism, so the next one is of the other: the current one stays as it is. */
function withOtherMechanism(
  next: KafkaCredentials,
  current: KafkaCredentials | undefined,
): KafkaCredentials {
  const mechanism = current?.mechanism === 'scram-sha-512' ? 'scram-sha-256' : 'scram-sha-512'
  return { ...next, mechanism }
}

async function continueBegun(
  options: RotationOptions,
  begun: Credentials,
): Promise<RotationResult> {
  await acceptIn(options, begun)
  const { next, ...current } = begun
  const retiring: Credentials = { ...current, ...next, retiring: true }
  await replaceCredentials(options.file, retiring)
  return retire(options, retiring)
}

async function retire(
  options: RotationOptions,
  { retiring: _, ...settled }: Credentials,
): Promise<RotationResult> {
  await options.restartReaders()
  await acceptIn(options, settled)
  await replaceCredentials(options.file, settled)
  return 'finished'
}

/** One system after another: which one failed is then known by what it throws. */
async function acceptIn({ systems }: RotationOptions, credentials: Credentials): Promise<void> {
  for (const { kind, accept } of systems) {
    if (credentials[kind] !== undefined) await accept(credentials)
  }
}
