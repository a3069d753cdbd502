import { join } from 'node:path'
import { UsageError, VerbError } from '@tenseams/cli/errors'
import { type Identity, type IdentityName, identities } from '@tenseams/identities/identities'
import { type RotationResult, rotate } from '@tenseams/identities/rotation'
import type { Component, Context } from '../plan/part.ts'
import { takeLock } from '../supervise/lock.ts'
import { openStack, type Stack } from '../supervise/stack.ts'
import { lookAt } from '../supervise/supervisor.ts'
import { loginSystems } from './login-systems.ts'

/**
 * The parts that read their identity's secrets at their start only, and so are started again by a rotation. Every other one
 * reads its file for each new connection.
 */
const startReaders: Partial<Readonly<Record<IdentityName, readonly Component['name'][]>>> = {
  registry: ['registry'],
  // The registry knows by a hash who may register.
  publisher: ['registry'],
  connect: ['registry', 'connect'],
  // The jobs go on from their last checkpoint, with the new mechanism in their tables.
  flink: ['flink-jobmanager', 'flink-taskmanager', 'sql-gateway'],
  broker: ['kafka'],
}

/**
 * Rotates what an identity logs in with, on a running instance. Nobody else is stopped. Only one rotation of an instance
 * runs at a time; the lock ends with this process.
 *
 * @throws VerbError when a server that must learn the new password does not run.
 */
export async function rotateIdentity(
  { context }: Pick<Stack, 'context'>,
  identity: Identity,
): Promise<RotationResult> {
  const { paths, secrets } = context
  for (const server of [
    ...(identity.postgres.length > 0 ? ['postgres'] : []),
    ...(identity.kafka ? ['kafka'] : []),
  ]) {
    if (lookAt(paths, server) === 'ready') continue
    throw new VerbError(
      `${server} does not run, and must learn the new password: run \`npm run stack -- up ${server}\` first`,
    )
  }
  const release = takeLock(join(paths.run, 'rotation'), 'a rotation of secrets')
  try {
    return await rotate({
      file: secrets.fileOf(identity.name),
      identity,
      systems: loginSystems(context),
      restartReaders: () => restartReaders(context, identity.name),
    })
  } finally {
    release()
  }
}

/** With a handle of its own, since the present one was opened with the former secrets. */
async function restartReaders(
  { paths, portOffset, settings }: Context,
  name: IdentityName,
): Promise<void> {
  const running = (startReaders[name] ?? []).filter((part) => lookAt(paths, part) === 'ready')
  if (running.length === 0) return
  const { root, instance } = paths
  const stack = await openStack({ root, instance, portOffset, settings })
  await stack.restart(...running)
}

/** @throws UsageError, with all names, when nobody has that one. */
export function identityNamed(name: string): Identity {
  const found = identities.find((identity) => identity.name === name)
  if (found !== undefined) return found
  const names = identities.map((identity) => identity.name).join(', ')
  throw new UsageError(`there is no identity "${name}"; there are: ${names}`)
}
