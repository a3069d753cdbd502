/** A number, or what both sides did in the same time, which is compared by a test. */
export type Reading =
  | { readonly kind: 'value'; readonly value: number; readonly samples?: number }
  | {
      readonly kind: 'latencies'
      readonly control: readonly number[]
      readonly canary: readonly number[]
    }
  | { readonly kind: 'outcomes'; readonly control: Outcomes; readonly canary: Outcomes }

export type Outcomes = { readonly total: number; readonly failed: number }
