/** What a caller can request, and what the ledger holds after it. */
export type Request = 'authorise' | 'capture' | 'void' | 'refund'
export type OperationKind = 'authorised' | 'declined' | 'captured' | 'voided' | 'refunded'

export type Operation = { readonly kind: OperationKind; readonly amountMinor: bigint }

export type PaymentStatus = OperationKind

/** A payment is the sum of its operations; the first one authorises or declines it. */
export function statusOf(operations: readonly Operation[]): PaymentStatus {
  if (operations.some(({ kind }) => kind === 'declined')) return 'declined'
  if (operations.some(({ kind }) => kind === 'voided')) return 'voided'
  const captured = sumOf(operations, 'captured')
  if (captured === 0n) return 'authorised'
  return sumOf(operations, 'refunded') < captured ? 'captured' : 'refunded'
}

export function sumOf(operations: readonly Operation[], kind: OperationKind): bigint {
  return operations
    .filter((operation) => operation.kind === kind)
    .reduce((sum, { amountMinor }) => sum + amountMinor, 0n)
}

export type Judgement =
  | { readonly kind: 'done'; readonly operation: OperationKind }
  | { readonly kind: 'refused'; readonly refusal: string }

/**
 * Whether a payment can be captured, voided or refunded now.
 *
 * @param capturesAgain the fault `ignore-keys`: what was captured is captured once more.
 */
export function judge(
  request: Exclude<Request, 'authorise'>,
  amountMinor: bigint,
  operations: readonly Operation[],
  capturesAgain: boolean,
): Judgement {
  const status = statusOf(operations)
  const refused: Judgement = { kind: 'refused', refusal: `payment-is-${status}` }
  switch (request) {
    case 'capture': {
      const again = capturesAgain && (status === 'captured' || status === 'refunded')
      return status === 'authorised' || again ? { kind: 'done', operation: 'captured' } : refused
    }
    case 'void':
      return status === 'authorised' ? { kind: 'done', operation: 'voided' } : refused
    case 'refund': {
      if (status !== 'captured') return refused
      const left = sumOf(operations, 'captured') - sumOf(operations, 'refunded')
      if (amountMinor > left) return { kind: 'refused', refusal: 'more-than-captured' }
      return { kind: 'done', operation: 'refunded' }
    }
  }
}
