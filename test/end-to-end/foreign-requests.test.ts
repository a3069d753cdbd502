import { request } from 'node:http'
import { describe, expect, test } from 'vitest'
import { useStack } from '../support/stack.ts'

const { endpoints } = await useStack()

const services = [
  endpoints.ordersUrl,
  endpoints.paymentsUrl,
  endpoints.paymentProviderUrl,
  endpoints.fulfilmentUrl,
  endpoints.pulseUrl,
  endpoints.lakehouseUrl,
  endpoints.auditorUrl,
]

/** Node's own client, because fetch sets Host and Origin itself. */
function statusOf(
  method: string,
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>()
  const outgoing = request(url, { method, headers, timeout: 20_000 }, (incoming) => {
    incoming.resume()
    incoming.on('end', () => resolve(incoming.statusCode))
  })
  outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer from ${url}`)))
  outgoing.on('error', reject)
  outgoing.end()
  return promise
}

describe('a page of another site', () => {
  test.each(services)('can neither read nor cause anything at %s', async (url) => {
    for (const path of ['/health/live', '/metrics']) {
      expect(await statusOf('GET', url + path, { host: 'rebound.example' })).toBe(421)
      expect(await statusOf('GET', url + path, { 'sec-fetch-site': 'cross-site' })).toBe(403)
      expect(await statusOf('GET', url + path, {})).toBe(200)
    }
  })

  test('makes pulse write no barrier, and the auditor no audit', async () => {
    const foreign = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
    expect(await statusOf('POST', `${endpoints.pulseUrl}/barriers`, foreign)).toBe(403)
    expect(await statusOf('POST', `${endpoints.auditorUrl}/audits`, foreign)).toBe(403)
    const rebound = { host: 'rebound.example' }
    expect(await statusOf('POST', `${endpoints.pulseUrl}/barriers`, rebound)).toBe(421)
  })
})
