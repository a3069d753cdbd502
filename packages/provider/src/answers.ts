import { type Static, type TSchema, Type } from 'typebox'
import { Value } from 'typebox/value'
import { ProviderUnavailableError } from './errors.ts'

const Kind = Type.Enum(['authorised', 'declined', 'captured', 'voided', 'refunded'])

const Answer = Type.Object({
  operationId: Type.String(),
  paymentId: Type.String(),
  outcome: Kind,
  amountMinor: Type.Integer(),
  reason: Type.Union([Type.String(), Type.Null()]),
})

const Operation = Type.Object({
  operationId: Type.String(),
  kind: Kind,
  amountMinor: Type.Integer(),
  /** How long ago, by the provider's clock. */
  ageMs: Type.Number(),
})

const Payment = Type.Object({
  paymentId: Type.String(),
  reference: Type.String(),
  method: Type.String(),
  currency: Type.String(),
  amountMinor: Type.Integer(),
  status: Kind,
  /** In the order in which they were done. */
  operations: Type.Array(Operation),
})

const Payments = Type.Object({ payments: Type.Array(Payment) })

const Changes = Type.Object({
  changes: Type.Array(
    Type.Object({ cursor: Type.String(), reference: Type.String(), ageMs: Type.Number() }),
  ),
  payments: Type.Array(Payment),
})

const Problem = Type.Object({ type: Type.String() })

export type Answer = Static<typeof Answer>
export type ProviderPayment = Static<typeof Payment>
export type ProviderChanges = Static<typeof Changes>

type Response = { readonly text: string }

export const answerOf = (response: Response): Answer => read(Answer, response)
export const pageOf = (response: Response): ProviderChanges => read(Changes, response)
export const paymentsOf = (response: Response): readonly ProviderPayment[] =>
  read(Payments, response).payments

/** The last part of a problem's type: a reason code. */
export const conflictOf = (response: Response): string =>
  read(Problem, response).type.split(':').at(-1) ?? ''

/** A malformed response is retried: the provider is failing, or something else answered in its stead. */
function read<Schema extends TSchema>(schema: Schema, { text }: Response): Static<Schema> {
  const value: unknown = parse(text)
  if (Value.Check(schema, value)) return value
  throw new ProviderUnavailableError('malformed response of the payment provider')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
