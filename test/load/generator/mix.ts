import { UsageError } from '@tenseams/cli/errors'

/** What a customer may ask for. */
export const everyWish = ['orders', 'declined', 'cancellations', 'reads'] as const
export type Wish = (typeof everyWish)[number]

/** How often each is asked for, in proportion to the others. */
export type Mix = Readonly<Record<Wish, number>>

const LARGEST_WEIGHT = 1_000_000

/** Reads `orders=90,reads=10`. @throws UsageError */
export function readMix(text: string): Mix {
  const mix = { orders: 0, declined: 0, cancellations: 0, reads: 0 }
  for (const part of text.split(',')) {
    const [name = '', weight = ''] = part.split('=').map((each) => each.trim())
    const wish = everyWish.find((each) => each === name)
    if (wish === undefined) {
      throw new UsageError(`--mix has "${part}": its names are ${everyWish.join(', ')}`)
    }
    if (!/^\d{1,7}$/.test(weight) || Number(weight) > LARGEST_WEIGHT) {
      throw new UsageError(`--mix: a weight is a whole number, as in orders=90, not "${part}"`)
    }
    mix[wish] = Number(weight)
  }
  if (mix.orders + mix.declined === 0) {
    throw new UsageError('--mix needs orders or declined: reads and cancellations are of these')
  }
  return mix
}

export function mixText(mix: Mix): string {
  const named = everyWish.filter((wish) => mix[wish] > 0)
  return named.map((wish) => `${wish}=${mix[wish]}`).join(',')
}

/** The wish at a place between 0 and 1 of the mix. */
export function wishAt(mix: Mix, place: number): Wish {
  const total = everyWish.reduce((sum, wish) => sum + mix[wish], 0)
  let left = place * total
  for (const wish of everyWish) {
    left -= mix[wish]
    if (left < 0) return wish
  }
  return 'orders'
}
