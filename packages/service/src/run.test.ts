import { Registry } from 'prom-client'
import { afterEach, describe, expect, test } from 'vitest'
import { stopService } from './run.ts'
import { buildServer, type Server } from './server.ts'
import { openToAll } from './testing/access.ts'

const access = openToAll('GET /work')

let server: Server

afterEach(() => server.close())

async function listen(): Promise<string> {
  server = buildServer({
    name: 'test',
    logLevel: 'silent',
    metrics: new Registry(),
    ready: {},
    access,
  })
  server.get('/work', () => ({ done: true }))
  return server.listen({ host: '127.0.0.1', port: 0 })
}

const statusOf = async (url: string): Promise<number> => (await fetch(url)).status

describe('a service that stops', () => {
  test('says that it is not ready while it still answers, and only then closes its listener', async () => {
    const url = await listen()
    expect(await statusOf(`${url}/health/ready`)).toBe(200)
    const stopped = stopService(server, [], { drainMs: 300 })
    expect(await statusOf(`${url}/health/ready`)).toBe(503)
    expect(await statusOf(`${url}/work`)).toBe(200)
    expect(await statusOf(`${url}/health/live`)).toBe(200)
    await stopped
    await expect(fetch(`${url}/work`)).rejects.toThrow()
  })

  test('closes every part in order, though some fail, hang or throw at once, and reports all failures', async () => {
    await listen()
    const closed: string[] = []
    const part = (name: string, end: () => Promise<void>) => ({
      close: () => {
        closed.push(name)
        return end()
      },
    })
    const parts = [
      part('fails', () => Promise.reject(new Error('broken'))),
      part('hangs', () => Promise.withResolvers<void>().promise),
      part('throws', () => {
        throw new Error('at once')
      }),
      part('works', () => Promise.resolve()),
    ]
    const stopped = stopService(server, parts, { drainMs: 0, closeTimeoutMs: 50 })
    await expect(stopped).rejects.toMatchObject({
      errors: [
        { message: 'broken' },
        { message: expect.stringContaining('50 ms') },
        { message: 'at once' },
      ],
    })
    expect(closed).toEqual(['fails', 'hangs', 'throws', 'works'])
  })
})
