import type { Offered } from './shopper.ts'

const SKUS = ['lamp-01', 'desk-02', 'chair-03', 'mug-04']

type Product = { readonly prices: readonly Omit<Offered, 'sku'>[] }

/** What the shop sells now, in each currency. @throws Error when it does not answer or sells nothing. */
export async function readOffered(url: string, timeoutMs: number): Promise<readonly Offered[]> {
  const all = await Promise.all(SKUS.map((sku) => pricesOf(url, sku, timeoutMs)))
  if (all.flat().length === 0) throw new Error(`${url} sells none of ${SKUS.join(', ')}`)
  return all.flat()
}

async function pricesOf(url: string, sku: string, timeoutMs: number): Promise<readonly Offered[]> {
  const address = `${url}/products/${sku}`
  const response = await answerOf(address, timeoutMs)
  if (response.status === 404) return []
  if (!response.ok) throw new Error(`${address} answered ${response.status}`)
  const { prices } = (await response.json()) as Product
  return prices.map(({ currency, priceMinor }) => ({ sku, currency, priceMinor }))
}

/** `fetch` hides the system's reason in the cause. */
async function answerOf(address: string, timeoutMs: number): Promise<Response> {
  try {
    return await fetch(address, { signal: AbortSignal.timeout(timeoutMs) })
  } catch (error) {
    const reason = error instanceof Error && error.cause instanceof Error ? error.cause : error
    throw new Error(`${address} does not answer: ${String(reason)}`, { cause: error })
  }
}
