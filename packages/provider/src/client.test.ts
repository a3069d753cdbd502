import { createServer } from 'node:http'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { Provider } from './client.ts'

const asked: string[] = []
/** How many requests are answered by an outage, before those that succeed. */
let outages = 0

const server = createServer(({ url = '' }, response) => {
  asked.push(url)
  if (outages > 0) {
    outages -= 1
    return response.writeHead(503).end('{}')
  }
  const outcome = url.split('/').at(-1) === 'capture' ? 'captured' : 'voided'
  const answer = { operationId: 'o', paymentId: 'p', outcome, amountMinor: 100, reason: null }
  return response.end(JSON.stringify(answer))
})
await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
afterAll(() => void server.close())

beforeEach(() => {
  asked.splice(0)
  outages = 0
})

function providerThat(mayCapture: () => Promise<void>): Provider {
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const authorization = async () => ({ authorization: 'Bearer of-payments' })
  return new Provider({
    ...{ url: `http://127.0.0.1:${port}`, timeoutMs: 2_000, authorization, mayCapture },
  })
}

describe('a provider whose captures may be frozen', () => {
  test('gets no request to capture, and other requests as before', async () => {
    const provider = providerThat(() => Promise.reject(new Error('frozen')))
    await expect(provider.capture('key', 'p')).rejects.toThrow('frozen')
    expect(asked).toEqual([])
    expect(await provider.void('key', 'p')).toMatchObject({ kind: 'done' })
    expect(asked).toEqual(['/payments/p/void'])
  })

  test('gets none either when they are frozen between two tries', async () => {
    let isFrozen = false
    const provider = providerThat(async () => {
      if (isFrozen) throw new Error('frozen')
      isFrozen = true
    })
    outages = 1
    await expect(provider.capture('key', 'p')).rejects.toThrow('frozen')
    expect(asked).toEqual(['/payments/p/capture'])
  })

  test('is not taken to be unavailable because they are', async () => {
    let isFrozen = true
    const provider = providerThat(async () => {
      if (isFrozen) throw new Error('frozen')
    })
    for (let tried = 0; tried < 20; tried += 1) {
      await expect(provider.capture('key', 'p')).rejects.toThrow('frozen')
    }
    isFrozen = false
    expect(await provider.capture('key', 'p')).toMatchObject({ kind: 'done' })
  })
})
