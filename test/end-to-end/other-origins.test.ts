import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { beforeAll, describe, expect, test } from 'vitest'
import { type TestStack, useStack } from '../support/stack.ts'

let stack: TestStack

beforeAll(async () => {
  stack = await useStack()
})

type Asked = {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** With node:http, since `fetch` sets the headers Host and Origin by itself. */
function ask(url: string, { method = 'GET', headers = {}, body }: Asked = {}) {
  return new Promise<{ status: number; allows: string | undefined; text: string }>(
    (resolve, reject) => {
      const asked = request(url, { method, headers, timeout: 10_000 }, async (response) => {
        resolve({
          status: response.statusCode ?? 0,
          allows: response.headers['access-control-allow-origin'],
          text: await text(response),
        })
      })
      asked.once('error', reject)
      asked.end(body)
    },
  )
}

const servers = ['flinkUrl', 'sqlGatewayUrl', 'catalogUrl'] as const
const read = { flinkUrl: '/overview', sqlGatewayUrl: '/v2/info', catalogUrl: '/v1/namespaces' }
const write = { flinkUrl: '/jobs', sqlGatewayUrl: '/v2/sessions', catalogUrl: '/v1/namespaces' }

describe.each(servers)('%s', (server) => {
  const url = (path: string) => `${stack.endpoints[server]}${path}`

  test('answers programs of this machine, and lets no page of another origin read the answer', async () => {
    const own = stack.endpoints[server]
    const login = { authorization: await stack.endpoints.login() }
    const { status, allows } = await ask(url(read[server]), { headers: login })
    expect(status).toBe(200)
    expect([undefined, own]).toContain(allows)
    const asPage = await ask(url(read[server]), { headers: { ...login, Origin: own } })
    expect(asPage.status).toBe(200)
  })

  test.each([
    ['a page of another origin', { Origin: 'https://evil.example' }],
    ['a sandboxed page', { Origin: 'null' }],
    ['a name that its owner points at this machine', { Host: 'evil.example:20030' }],
  ])('refuses %s', async (_, headers) => {
    const form = 'multipart/form-data; boundary=b'
    const body =
      '--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nx\r\n--b--\r\n'
    for (const asked of [
      await ask(url(read[server]), { headers }),
      await ask(url(write[server]), { method: 'POST', headers, body: '{}' }),
    ]) {
      expect(asked.status).toBe(403)
    }
    const sent = await ask(url(write[server]), {
      ...{ method: 'POST', body },
      headers: { ...headers, 'content-type': form },
    })
    // The gateway takes no files from anybody, which Flink checks first.
    expect(sent.status).toBe(server === 'sqlGatewayUrl' ? 400 : 403)
  })

  test('takes no jar, from whoever may run jobs either', async () => {
    const headers = { authorization: await stack.endpoints.login() }
    const answers = [
      await ask(url('/jars'), { headers }),
      await ask(url('/jars/upload'), { method: 'POST', headers, body: 'x' }),
    ]
    for (const { status } of answers) expect([400, 404]).toContain(status)
  })
})
