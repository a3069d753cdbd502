import { authorizationIn } from '@tenseams/identities/authorization'
import type { Stack } from '@tenseams/local/launcher/supervise/stack'
import type { Scene } from './scene.ts'

/** Captures whose answer is lost, so that they are retried. Without the guard the provider ignores the repeated key. */
export function loseCaptures({ stack, guarded }: Scene): Promise<void> {
  const lost = { kind: 'lose-answer', every: 5, operation: 'capture' }
  const ignored = { kind: 'ignore-keys', every: 1, operation: 'capture' }
  return setFaults(stack, guarded ? [lost] : [ignored, lost])
}

export async function setFaults(
  { endpoints, secrets }: Stack,
  faults: readonly object[],
): Promise<void> {
  const response = await fetch(`${endpoints.paymentProviderUrl}/faults`, {
    method: 'PUT',
    headers: {
      'content-type': 'application/json',
      ...(await authorizationIn(secrets.fileOf('admin'))),
    },
    body: JSON.stringify(faults),
    signal: AbortSignal.timeout(10_000),
  })
  if (!response.ok) throw new Error(`the provider answers ${response.status}`)
}
