import { Registry } from 'prom-client'
import { Type } from 'typebox'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildServer, type Server } from './server.ts'
import { openToAll } from './testing/access.ts'

const access = openToAll('POST /things')

let server: Server

beforeAll(() => {
  server = buildServer({
    name: 'test',
    logLevel: 'fatal',
    metrics: new Registry(),
    ready: {},
    access,
  })
  server.post('/things', { schema: { body: Type.Unknown() } }, (request) => ({
    got: request.body,
  }))
})

afterAll(() => server.close())

const post = (payload: string | Buffer, type = 'application/json') =>
  server.inject({ method: 'POST', url: '/things', headers: { 'content-type': type }, payload })

async function refusal(payload: string | Buffer, type?: string): Promise<string> {
  const answer = await post(payload, type)
  expect(answer.headers['content-type']).toContain('application/problem+json')
  return `${answer.statusCode} ${answer.json().detail}`
}

describe('a body is one JSON value for everyone who reads it', () => {
  test.each([
    ['at the top', '{"a":1,"a":2}'],
    ['with the same value', '{"a":1,"a":1}'],
    ['deep inside', '{"b":[[{"c":{"a":1,"x":{},"a":2}}]]}'],
    ['in an object of an array', '[{"a":1},{"a":1,"b":[],"a":1}]'],
    ['spelled with an escape', String.raw`{"a":1,"\u0061":2}`],
    ['spelled with two escapes', String.raw`{"\u0061":1,"\u0061":2}`],
    ['with blanks around the colon', '{"a" : 1 ,\n "a"\t: 2}'],
    ['after a text with quotes and braces', String.raw`{"t":"\\\"}{,","a":1,"a":2}`],
    ['the empty one', '{"":1,"":2}'],
  ])('a name twice is refused: %s', async (_, body) => {
    expect(await refusal(body)).toMatch(/^400 an object has the name ".*" twice/)
  })

  test.each([
    ['the same name in two objects', '[{"a":1},{"a":2}]'],
    ['a name that is a value, too', '{"a":"b","b":"a"}'],
    ['a name inside and outside', '{"a":{"a":1},"b":{"a":1}}'],
    ['the same text twice in an array', '["a","a"]'],
    ['marks inside a text', String.raw`{"a":"{\"a\":1,","b":"\"a\""}`],
    ['whole characters by escapes', String.raw`{"a":"\ud83d\ude00 \u00e9"}`],
  ])('%s is accepted', async (_, body) => {
    const answer = await post(body)
    expect([answer.statusCode, answer.json()]).toEqual([200, { got: JSON.parse(body) }])
  })

  test.each([
    ['a byte of Latin-1', Buffer.from('{"a":"caf\xe9"}', 'latin1')],
    ['a character that is cut', Buffer.from([...Buffer.from('{"a":"'), 0xe2, 0x82, 0x22, 0x7d])],
    ['an overlong slash', Buffer.from([...Buffer.from('{"a":"'), 0xc0, 0xaf, 0x22, 0x7d])],
    ['half of a surrogate pair', Buffer.from('7b2261223a22eda080227d', 'hex')],
    ['in a name', Buffer.from('{"caf\xe9":1}', 'latin1')],
    ['UTF-16', Buffer.from('\ufeff{"a":1}', 'utf16le')],
  ])('bytes that are not UTF-8 are refused: %s', async (_, body) => {
    expect(await refusal(body)).toMatch(/^400 the body is not UTF-8/)
  })

  test('half of a surrogate pair is refused, escaped in a text or in a name', async () => {
    for (const body of [
      String.raw`{"a":"x\ud800"}`,
      String.raw`["\udc00\ud800"]`,
      String.raw`{"\ud800":1}`,
    ]) {
      expect(await refusal(body)).toMatch(/^400 a text has half of a surrogate pair/)
    }
  })

  test('a body that is text of another type is refused with 415', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/xml']) {
      expect(await refusal('{"a":1}', type)).toMatch(/^415 /)
    }
  })

  test('names that would change an object’s prototype stay refused', async () => {
    expect(await refusal('{"__proto__":{}}')).toMatch(/^400 /)
    expect(await refusal('{"constructor":{"prototype":{}}}')).toMatch(/^400 /)
  })
})
