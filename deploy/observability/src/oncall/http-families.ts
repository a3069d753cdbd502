import { refuseMore } from '@tenseams/cli/arguments'
import { authorizationIn } from '@tenseams/identities/authorization'
import { httpLogin } from '@tenseams/identities/http-login'
import type { Asked } from './arguments.ts'
import { capturesAt, capturesText, planCaptures } from './captures.ts'
import { connectorLines, connectorsAt, planRestarts } from './connectors.ts'
import type { Plan } from './plan.ts'

/** The answer to a question, or what is going to be changed. */
export type Found =
  | { readonly kind: 'shown'; readonly lines: readonly string[] }
  | { readonly kind: 'planned'; readonly plan: Plan }

/** @throws VerbError, CredentialsError, UsageError */
export async function capturesOf({
  command,
  rest,
  reason,
  ...asked
}: Pick<Asked, 'command' | 'rest' | 'reason' | 'paymentsUrl' | 'credentialsFile'>): Promise<Found> {
  refuseMore(rest)
  const headers = await authorizationIn(asked.credentialsFile)
  const payments = { url: asked.paymentsUrl, headers }
  const present = await capturesAt(payments)
  if (command === undefined) return { kind: 'shown', lines: [capturesText(present)] }
  const frozen = command === 'freeze'
  return { kind: 'planned', plan: planCaptures(payments, present, { frozen, reason }) }
}

/** @throws ConnectorError, CredentialsError, UsageError */
export async function connectorsOf({
  command,
  rest,
  ...asked
}: Pick<Asked, 'command' | 'rest' | 'connectUrl' | 'credentialsFile'>): Promise<Found> {
  const [name, ...more] = rest
  refuseMore(command === undefined ? rest : more)
  const connect = { connectUrl: asked.connectUrl, login: httpLogin(asked.credentialsFile) }
  const present = await connectorsAt(connect)
  if (command === undefined) return { kind: 'shown', lines: connectorLines(present) }
  return { kind: 'planned', plan: planRestarts(connect, present, name) }
}
