import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { LoginPool } from './login.ts'

/** Enough of Postgres to ask for a password and to answer a statement with nothing. */
let server: Server
let accepted: string
const asked: string[] = []
let known: readonly string[]
let pool: LoginPool

beforeEach(async () => {
  asked.length = 0
  server = createServer((socket) => serve(socket)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  pool = new LoginPool({
    databaseUrl: `postgres://orders_service@127.0.0.1:${port}/shop`,
    passwords: async () => known,
    max: 8,
    connectionTimeoutMillis: 5_000,
  })
})

afterEach(async () => {
  await pool.end()
  server.close()
})

test('a password out of the file is sent, though the address has none', async () => {
  known = ['one']
  accepted = 'one'
  await pool.query('select 1')
  expect(asked).toEqual(['one'])
})

test('no query fails while a rotation is between its two steps, whichever password Postgres takes', async () => {
  known = ['old', 'new']
  accepted = 'old'
  await pool.query('select 1')
  accepted = 'new'
  await Promise.all(Array.from({ length: 8 }, () => pool.query('select 1')))
  expect(asked.filter((password) => password === 'new').length).toBeGreaterThan(0)
})

test('a file that is replaced between a refusal and the next attempt is read again', async () => {
  known = ['old']
  accepted = 'new'
  const replaced = pool.query('select 1')
  known = ['new']
  await replaced
  expect(asked.at(-1)).toBe('new')
})

test('what was refused is not tried first again', async () => {
  known = ['old', 'new']
  accepted = 'new'
  await pool.query('select 1')
  const clients = await Promise.all([pool.connect(), pool.connect()])
  for (const client of clients) client.release()
  expect(asked).toEqual(['old', 'new', 'new'])
})

test('a rotation that was taken back is followed, too', async () => {
  known = ['old', 'new']
  accepted = 'new'
  await pool.query('select 1')
  accepted = 'old'
  const clients = await Promise.all([pool.connect(), pool.connect()])
  for (const client of clients) client.release()
})

test('a password that nobody accepts is an error with Postgres’ reason, after two attempts', async () => {
  known = ['wrong']
  accepted = 'right'
  await expect(pool.query('select 1')).rejects.toMatchObject({ code: '28P01' })
  await expect(pool.connect()).rejects.toMatchObject({ code: '28P01' })
  expect(asked).toHaveLength(4)
})

test('a file that cannot be read is an error of the query', async () => {
  const { port } = server.address() as AddressInfo
  const broken = new LoginPool({
    databaseUrl: `postgres://orders_service@127.0.0.1:${port}/shop`,
    passwords: () => Promise.reject(new Error('chmod 600 it')),
    connectionTimeoutMillis: 5_000,
  })
  await expect(broken.query('select 1')).rejects.toThrow(/chmod 600/)
  await broken.end()
})

test('an address that asks for TLS is not answered in the clear', async () => {
  const { port } = server.address() as AddressInfo
  const secured = new LoginPool({
    databaseUrl: `postgres://orders_service@127.0.0.1:${port}/shop?sslmode=verify-full`,
    passwords: async () => known,
    connectionTimeoutMillis: 5_000,
  })
  await expect(secured.query('select 1')).rejects.toThrow(/does not support SSL/)
  expect(asked).toEqual([])
  await secured.end()
})

const message = (type: string, body: Buffer) => {
  const head = Buffer.alloc(5)
  head.write(type)
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

const authentication = (code: number) => {
  const body = Buffer.alloc(4)
  body.writeInt32BE(code)
  return message('R', body)
}

const SSL_REQUEST = 80_877_103

const ready = message('Z', Buffer.from('I'))

function serve(socket: Socket): void {
  let isStarted = false
  socket.on('error', () => undefined)
  socket.on('data', (data) => {
    if (data.length === 8 && data.readInt32BE(4) === SSL_REQUEST) {
      socket.write('N')
      return
    }
    if (!isStarted) {
      isStarted = true
      socket.write(authentication(3))
      return
    }
    const type = String.fromCharCode(data[0] ?? 0)
    if (type === 'p') answerPassword(socket, data.subarray(5, -1).toString())
    if (type === 'Q') socket.write(Buffer.concat([message('C', Buffer.from('SELECT 0\0')), ready]))
    if (type === 'X') socket.end()
  })
}

function answerPassword(socket: Socket, password: string): void {
  asked.push(password)
  if (password === accepted) {
    socket.write(Buffer.concat([authentication(0), ready]))
    return
  }
  const error = 'SFATAL\0C28P01\0Mpassword authentication failed\0\0'
  socket.end(message('E', Buffer.from(error)))
}
