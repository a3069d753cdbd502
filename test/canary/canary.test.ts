import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { formsOf } from './forms.ts'
import { leaksInTopics } from './kafka-log.ts'
import { leaksInAnswer, leaksInFolder, leaksInProcesses } from './places.ts'
import { leaksIn, leaksInFile } from './search.ts'

const root = mkdtempSync(join(tmpdir(), 'tenseams-canary-'))
afterAll(() => rmSync(root, { recursive: true }))

/** With characters that its forms must change. */
const secret = 'pass+word/with ü&=and more'
const needles = formsOf('orders token', secret)

describe('a leaked secret is found', () => {
  test.each([
    ['plain', secret],
    ['in JSON', JSON.stringify({ password: secret })],
    ['in an address', `postgres://orders:${encodeURIComponent(secret)}@host/shop`],
    ['in hexadecimal', `\\x${Buffer.from(secret).toString('hex')}`],
    ['in upper hexadecimal', Buffer.from(secret).toString('hex').toUpperCase()],
  ])('%s', (_how, text) => {
    expect(leaksIn('here', `before ${text} after`, needles)).not.toEqual([])
  })

  test.each(['', 'o:', 'or:', 'orders:', 'operator:', 'a:'])(
    'in base64 after "%s", as in a header',
    (name) => {
      for (const form of ['base64', 'base64url'] as const) {
        for (const after of ['', '\n', '"}', '!!!']) {
          const text = Buffer.from(`${name}${secret}${after}`).toString(form)
          expect(leaksIn('here', `Basic ${text}`, needles)).toEqual([
            { where: 'here', of: 'orders token', form: 'base64' },
          ])
        }
      }
    },
  )
})

test('nothing is found where there is nothing, and no needle is found in another secret', () => {
  const other = 'another secret of the same length'
  expect(leaksIn('here', `${other} ${Buffer.from(other).toString('base64')}`, needles)).toEqual([])
})

test('a secret too short to be told from chance is refused', () => {
  expect(() => formsOf('orders token', 'short')).toThrow(/orders token is too short/)
})

test.each([0, 4 * 1024 * 1024 - 10, 4 * 1024 * 1024, 9 * 1024 * 1024])(
  'a secret at byte %i of a large file is found once',
  (offset) => {
    const file = join(root, `large-${offset}`)
    writeFileSync(
      file,
      Buffer.concat([Buffer.alloc(offset), Buffer.from(secret), Buffer.alloc(100)]),
    )
    expect(leaksInFile(file, needles)).toEqual([{ where: file, of: 'orders token', form: 'plain' }])
    rmSync(file)
  },
)

test('a file that only its owner can read may hold a secret, and another one may not', () => {
  const folder = join(root, 'run')
  mkdirSync(join(folder, 'closed'), { recursive: true })
  for (const name of ['closed/a', 'own', 'open']) writeFileSync(join(folder, name), secret)
  chmodSync(join(folder, 'own'), 0o600)
  chmodSync(join(folder, 'open'), 0o644)
  chmodSync(join(folder, 'closed'), 0o700)
  expect(leaksInFolder(folder, needles).map(({ where }) => where)).toEqual([join(folder, 'open')])
  chmodSync(join(folder, 'own'), 0o640)
  expect(leaksInFolder(folder, needles, (path) => path.endsWith('open'))).toHaveLength(1)
})

test.each([
  ['cmdline', [secret], {}],
  ['environ', [], { PASSWORD: secret }],
] as const)('a secret in a process’s %s is found', async (name, more, environment) => {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()', ...more], {
    env: environment,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  await new Promise((resolve) => child.once('spawn', resolve))
  try {
    const found = leaksInProcesses([child.pid ?? 0, 2 ** 30], needles)
    expect(found.map(({ where }) => where)).toContainEqual(expect.stringMatching(`^${name} of `))
  } finally {
    child.kill()
  }
})

test('a secret in an answer or its headers is found', async () => {
  const server = createServer((_request, response) => {
    response.setHeader('x-debug', Buffer.from(secret).toString('base64'))
    response.end(`up{password="${secret}"} 1`)
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  const found = await leaksInAnswer(`http://127.0.0.1:${port}/metrics`, needles)
  expect(found.map(({ form }) => form)).toEqual(['plain', 'base64'])
  server.close()
})

/** A batch of Kafka's format as far as it is looked at. */
function batch(content: string | Buffer, attributes = 0): Buffer {
  const head = Buffer.alloc(61)
  head.writeInt32BE(61 - 12 + Buffer.byteLength(content), 8)
  head.writeInt16BE(attributes, 21)
  return Buffer.concat([head, Buffer.from(content)])
}

describe('the log of a topic', () => {
  const segment = (topic: string, content: Buffer) => {
    const folder = join(root, 'kafka', topic)
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, '00000000000000000000.log'), content, { mode: 0o600 })
  }
  const search = (name: string) =>
    leaksInTopics(join(root, 'kafka'), (topic) => topic === name, needles)

  test('is searched in every batch, and other topics are not', () => {
    segment('a.dead-letter-0', Buffer.concat([batch('harmless'), batch(secret), Buffer.alloc(200)]))
    expect(search('a.dead-letter').map(({ of }) => of)).toEqual(['orders token'])
    expect(search('b.dead-letter')).toEqual([])
  })

  test('is searched in compressed batches, too', () => {
    segment('c.dead-letter-0', Buffer.concat([batch('harmless'), batch(gzipSync(secret), 1)]))
    expect(search('c.dead-letter').map(({ of }) => of)).toEqual(['orders token'])
  })

  test('with a batch of another codec is an error, since nothing would be found in it', () => {
    segment('d.dead-letter-0', Buffer.concat([batch('harmless'), batch('compressed', 3)]))
    expect(() => search('d.dead-letter')).toThrow(/d\.dead-letter-0 has batches of codec 3/)
  })
})
