/** A line as it was ordered: the price that the customer was shown, beside the one that the catalogue has now. */
export type OrderedLine = {
  readonly sku: string
  readonly quantity: number
  readonly shownMinor: bigint
  /** Null when the catalogue does not sell it in the order's currency. */
  readonly priceMinor: bigint | null
}

/** A line as it is charged. */
export type OrderLine = {
  readonly sku: string
  readonly quantity: number
  readonly priceMinor: bigint
}

export type Priced =
  | {
      readonly kind: 'priced'
      readonly lines: readonly OrderLine[]
      readonly totalMinor: bigint
    }
  | { readonly kind: 'refused'; readonly refusal: OrderRefusal }

export type OrderStatus = 'placed' | 'confirmed' | 'rejected' | 'cancelled' | 'completed'

/** What is done to an order's row after it was inserted. */
export type OrderMove = 'confirm' | 'reject' | 'complete' | 'cancel' | 'refund'

export type OrderRefusal =
  | 'order-unknown'
  | 'order-is-rejected'
  | 'order-is-cancelled'
  | 'order-is-completed'
  | 'total-out-of-bounds'
  | 'product-unknown'
  | 'price-differs'

/** The maximum total of one order, in minor units. */
export const LARGEST_TOTAL_MINOR = 1_000_000_000_000n

/**
 * From which states an order moves, and where to:
 *
 *     placed ──confirm──▶ confirmed ──complete──▶ completed
 *     │    └───reject───▶ rejected │
 *     └────────cancel──────────────┴──▶ cancelled ──refund──▶ cancelled, its money refunded
 */
export const moves: Readonly<
  Record<OrderMove, { readonly from: readonly OrderStatus[]; readonly to: OrderStatus }>
> = {
  confirm: { from: ['placed'], to: 'confirmed' },
  reject: { from: ['placed'], to: 'rejected' },
  complete: { from: ['confirmed'], to: 'completed' },
  cancel: { from: ['placed', 'confirmed'], to: 'cancelled' },
  refund: { from: ['cancelled'], to: 'cancelled' },
}

/** What is charged is the catalogue's price, and only when it is the one that the customer was shown. */
export function price(ordered: readonly OrderedLine[]): Priced {
  const lines = ordered.flatMap(chargedLine)
  if (lines.length < ordered.length) return refuse('product-unknown')
  if (ordered.some(isPricedDifferently)) return refuse('price-differs')
  const totalMinor = lines.reduce(
    (total, { priceMinor, quantity }) => total + priceMinor * BigInt(quantity),
    0n,
  )
  if (totalMinor <= 0n || totalMinor > LARGEST_TOTAL_MINOR) return refuse('total-out-of-bounds')
  return { kind: 'priced', lines, totalMinor }
}

export function isPricedDifferently({ priceMinor, shownMinor }: OrderedLine): boolean {
  return priceMinor !== null && priceMinor !== shownMinor
}

/** Why a customer's cancellation has no effect; undefined when it has one. */
export function cancellationRefusal(status: OrderStatus): OrderRefusal | undefined {
  return status === 'placed' || status === 'confirmed' ? undefined : `order-is-${status}`
}

function chargedLine({ sku, quantity, priceMinor }: OrderedLine): readonly OrderLine[] {
  return priceMinor === null ? [] : [{ sku, quantity, priceMinor }]
}

function refuse(refusal: OrderRefusal): Priced {
  return { kind: 'refused', refusal }
}
