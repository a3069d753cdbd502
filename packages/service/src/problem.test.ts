import Fastify from 'fastify'
import { expect, test } from 'vitest'
import { answerError } from './problem.ts'

async function lineOf(url: string): Promise<Readonly<Record<string, unknown>>> {
  const lines: string[] = []
  const stream = { write: (line: string) => void lines.push(line) }
  const server = Fastify({ logger: { stream, base: { service: 'test' } } })
  server.setErrorHandler(answerError)
  server.get('/orders/:orderId', () => {
    throw Object.assign(new Error('Postgres is away'), { retriable: true })
  })
  expect((await server.inject(url)).statusCode).toBe(503)
  await server.close()
  return JSON.parse(lines.find((line) => line.includes('request failed')) ?? '{}')
}

const orderId = '0198a1b2-0000-7000-8000-00000000000a'

test('a request that failed is logged with its id, method, route and order', async () => {
  expect(await lineOf(`/orders/${orderId.toUpperCase()}`)).toMatchObject({
    ...{ reqId: expect.any(String), method: 'GET', route: '/orders/:orderId', orderId },
    err: { message: 'Postgres is away' },
  })
})

test('what is no id stays out of the log', async () => {
  const line = JSON.stringify(await lineOf('/orders/ada@example.com?card=4111'))
  expect(line).toContain('/orders/:orderId')
  expect(line).not.toMatch(/ada|4111/)
})
