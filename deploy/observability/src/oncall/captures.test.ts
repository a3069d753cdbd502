import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterEach, expect, test } from 'vitest'
import { capturesAt, type Payments, planCaptures } from './captures.ts'

const asked: { method: string | undefined; authorization: string | undefined; body: string }[] = []
const frozen = { frozen: true, since: '2026-12-01T00:00:00.000Z', by: 'operator', reason: 'wrong' }

const server = createServer(async (request, response) => {
  const { method, headers } = request
  asked.push({ method, authorization: headers.authorization, body: await text(request) })
  response.end(JSON.stringify(frozen))
})
await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
const address = server.address()
const port = typeof address === 'object' ? address?.port : undefined
const payments: Payments = {
  url: `http://127.0.0.1:${port}`,
  headers: { authorization: 'Bearer of-operator' },
}

afterEach(() => void asked.splice(0))

test('a freeze is asked for once, with the token and the reason', async () => {
  const plan = planCaptures(payments, { frozen: false }, { frozen: true, reason: 'wrong' })
  expect(asked).toEqual([])
  expect(await plan.steps[0]?.act()).toBe(
    'captures are frozen: no money is captured, that of what is sent stays held, since 2026-12-01T00:00:00.000Z, by operator: wrong',
  )
  expect(asked).toEqual([
    {
      ...{ method: 'PUT', authorization: 'Bearer of-operator' },
      body: '{"frozen":true,"reason":"wrong"}',
    },
  ])
})

test('a freeze of what is frozen has nothing to do', async () => {
  const present = await capturesAt(payments)
  expect(planCaptures(payments, present, { frozen: true, reason: 'again' }).steps).toEqual([])
})

test('a service that does not answer is said, with the next step', async () => {
  const nowhere = { ...payments, url: 'http://127.0.0.1:1' }
  await expect(capturesAt(nowhere)).rejects.toThrow('npm run stack -- status')
})
