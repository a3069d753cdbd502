import { UsageError, VerbError } from '@tenseams/cli/errors'
import { expect, test } from 'vitest'
import { findInstance, readAddress } from './target.ts'

test.each(['http://127.0.0.1:20000', 'http://localhost:1', 'http://[::1]:9', 'http://127.9.9.9'])(
  'the address %s is on this machine',
  (url) => {
    expect(readAddress(`${url}/`, false)).toEqual({ kind: 'address', url })
  },
)

test.each(['http://shop.example.com', 'https://192.0.2.3', 'http://127.0.0.1.example.com'])(
  'the address %s must be asked for',
  (url) => {
    expect(() => readAddress(url, false)).toThrow('--not-loopback')
    expect(readAddress(url, true)).toMatchObject({ url })
  },
)

test.each(['', 'shop', '127.0.0.1:20000', 'ftp://127.0.0.1'])('"%s" is no address', (text) => {
  expect(() => readAddress(text, true)).toThrow(UsageError)
})

test('without a running instance the next step is named', async () => {
  const missing = findInstance('no-such-instance', 4_900)
  await expect(missing).rejects.toThrow(VerbError)
  await expect(missing).rejects.toThrow('npm start')
})
