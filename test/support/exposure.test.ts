import { once } from 'node:events'
import { createServer } from 'node:net'
import { listeners } from '@tenseams/local/launcher/host/sockets'
import { expect, test } from 'vitest'
import { exposedSockets } from './exposure.ts'

const owners = new Map([[7, 'kafka']])

test('a socket that other machines can reach is found', () => {
  expect(exposedSockets([{ port: 9_092, loopback: false, pid: 7 }], owners)).toEqual([
    'kafka (process 7) listens beyond this machine on port 9092',
  ])
})

test('sockets of this machine only, and those of others, are ignored', () => {
  const sockets = [
    { port: 9_092, loopback: true, pid: 7 },
    { port: 22, loopback: false, pid: 8 },
    { port: 23, loopback: false, pid: undefined },
  ]
  expect(exposedSockets(sockets, owners)).toEqual([])
})

test('the sockets of a process are seen as they are', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  expect(listeners().filter((listener) => listener.port === port)).toEqual([
    { port, loopback: true, pid: process.pid },
  ])
  server.close()
})
