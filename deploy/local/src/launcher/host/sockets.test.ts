import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { listeners, parseListeners } from './sockets.ts'

const row = (address: string, state = '0A') =>
  `   0: ${address} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 4711 1`
const table = (...rows: readonly string[]) => ['  sl  local_address …', ...rows].join('\n')

test.each([
  ['127.0.0.1', '0100007F:4E2B', true],
  ['every IPv4 interface', '00000000:4E2B', false],
  ['another address', '0101A8C0:4E2B', false],
  ['::1', '00000000000000000000000001000000:4E2B', true],
  ['every IPv6 interface', '00000000000000000000000000000000:4E2B', false],
  ['127.0.0.1 as an IPv6 address', '0000000000000000FFFF00000100007F:4E2B', true],
])('a socket on %s is told apart', (_, address, loopback) => {
  expect(parseListeners(table(row(address)))).toEqual([{ port: 20_011, loopback, inode: '4711' }])
})

test('only listening sockets are found', () => {
  expect(parseListeners(table(row('0100007F:4E2B', '01')))).toEqual([])
})

test('a listener of this process is found with its owner', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const found = listeners().find((listener) => listener.port === port)
  await new Promise((resolve) => server.close(resolve))
  expect(found).toEqual({ port, loopback: true, pid: process.pid })
})
