import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildServer, type Server } from './server.ts'
import { openToAll } from './testing/access.ts'

const access = openToAll()

let server: Server
let port: number

beforeAll(async () => {
  server = buildServer({
    name: 'test',
    logLevel: 'silent',
    metrics: new Registry(),
    ready: {},
    access,
  })
  port = Number(new URL(await server.listen({ host: '127.0.0.1', port: 0 })).port)
})

afterAll(() => server.close())

/** What the server answers to these bytes: fetch cannot send most of them. */
async function answerTo(
  request: string,
): Promise<{ readonly head: string; readonly body: string }> {
  const socket = connect(port, '127.0.0.1')
  socket.end(request)
  const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n')
  return { head: head.toLowerCase(), body }
}

const host = 'Host: 127.0.0.1'

test.each([
  ['a header of 20 kB', `GET / HTTP/1.1\r\n${host}\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
  ['an address of 20 kB', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\n${host}\r\n\r\n`, 431],
  ['many headers', `GET / HTTP/1.1\r\n${host}\r\n${'X-A: aaaa\r\n'.repeat(2_000)}\r\n`, 431],
  ['an unknown method', `FETCH / HTTP/1.1\r\n${host}\r\n\r\n`, 400],
  ['nonsense', 'hello\r\n\r\n', 400],
  [
    'two lengths',
    `POST / HTTP/1.1\r\n${host}\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab`,
    400,
  ],
  ['no Host', 'GET /health/live HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
  ['an empty Host', 'GET /health/live HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n', 400],
  [
    'two Hosts',
    `GET /health/live HTTP/1.1\r\n${host}\r\n${host}\r\nConnection: close\r\n\r\n`,
    400,
  ],
  ['an unknown expectation', `GET / HTTP/1.1\r\n${host}\r\nExpect: wonders\r\n\r\n`, 417],
  [
    'an address that cannot be decoded',
    `GET /%zz HTTP/1.1\r\n${host}\r\nConnection: close\r\n\r\n`,
    400,
  ],
])('%s is refused with problem details', async (_, request, status) => {
  const { head, body } = await answerTo(request)
  expect(head).toContain(`http/1.1 ${status} `)
  expect(head).toContain('content-type: application/problem+json')
  expect(JSON.parse(body)).toMatchObject({
    status,
    type: expect.stringMatching(/^urn:ten-seams:problem:/),
    detail: expect.stringMatching(/./),
  })
})
