import { expect, test } from 'vitest'
import { type Fault, faultOf, isProgrammingError, isSqlState } from './fault.ts'

const sqlStates: readonly (readonly [string, Fault])[] = [
  ...['22003', '22001', '22P02', '23505', '23503', '23514'].map(
    (code) => [code, 'record'] as const,
  ),
  ...['08000', '08006', '25006', '25P03', '28000', '28P01', '3D000'].map(
    (code) => [code, 'outage'] as const,
  ),
  ...['40001', '40P01', '42501', '53100', '53200', '53300', '55P03'].map(
    (code) => [code, 'outage'] as const,
  ),
  ...['57014', '57P01', '57P03', '58030', '58P01', 'F0000', 'XX000', 'XX001'].map(
    (code) => [code, 'outage'] as const,
  ),
  ...['0A000', '21000', '25P02', '42601', '42P01', '42703', 'P0001'].map(
    (code) => [code, 'bug'] as const,
  ),
]

test.each(sqlStates)('SQLSTATE %s: %s', (code, fault) => {
  const error = Object.assign(new Error('Postgres says so'), { code })
  expect(faultOf(error)).toBe(fault)
  expect(faultOf(new Error('around it', { cause: error }))).toBe(fault)
})

const statuses: readonly (readonly [number, Fault])[] = [
  ...[400, 422].map((status) => [status, 'record'] as const),
  ...[401, 403, 404, 408, 425, 429, 500, 502, 503, 504, 599].map(
    (status) => [status, 'outage'] as const,
  ),
  ...[301, 405, 409, 410, 413, 415, 418].map((status) => [status, 'bug'] as const),
]

test.each(statuses)('HTTP status %d: %s', (status, fault) => {
  expect(faultOf(Object.assign(new Error('answered'), { status }))).toBe(fault)
})

test.each([
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH'],
  ...['ENOSPC', 'EMFILE', 'EIO', 'EROFS', 'UND_ERR_SOCKET', 'UND_ERR_HEADERS_TIMEOUT'],
])('code %s of the network or the machine: outage', (code) => {
  const error = Object.assign(new Error('failed'), { code })
  expect(faultOf(error)).toBe('outage')
  // As Node's fetch throws it.
  const around = new TypeError('fetch failed', { cause: error })
  expect(faultOf(around)).toBe('outage')
  expect(isProgrammingError(around)).toBe(false)
})

test.each<readonly [string, unknown, Fault]>([
  [
    'a timeout',
    AbortSignal.timeout(0).reason ?? new DOMException('late', 'TimeoutError'),
    'outage',
  ],
  ['an abort', new DOMException('aborted', 'AbortError'), 'outage'],
  ['what says that it is retriable', { retriable: true }, 'outage'],
  ['what says that it is not', { retriable: false }, 'record'],
  [
    'a client of Kafka that gave up',
    { name: 'KafkaJSNonRetriableError', retriable: false },
    'outage',
  ],
  ['an error that says nothing', {}, 'bug'],
])('%s', (_, properties, fault) => {
  const error =
    properties instanceof Error ? properties : Object.assign(new Error('failed'), properties)
  expect(faultOf(error)).toBe(fault)
})

test.each([
  new TypeError('x is not a function'),
  new RangeError('Invalid array length'),
  new ReferenceError('x is not defined'),
  new SyntaxError('Unexpected token'),
])('an error of our own code is a bug: $name', (error) => {
  expect(faultOf(error)).toBe('bug')
  expect(isProgrammingError(error)).toBe(true)
})

test('what was thrown and is no error is a bug', () => {
  for (const thrown of ['text', undefined, null, 7]) expect(faultOf(thrown)).toBe('bug')
})

test('the code of a system call is no SQLSTATE, though it has five capitals', () => {
  for (const code of ['EPIPE', 'EPERM', 'EBUSY', 'EROFS']) expect(isSqlState(code)).toBe(false)
})
