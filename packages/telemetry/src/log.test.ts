import { expect, test } from 'vitest'
import { type Log, logOf } from './log.ts'

const written: object[] = []
const write = (fields: object) => void written.push(fields)
const server = { log: { info: write, warn: write, error: write, fatal: write } }

test('a line has declared fields of their types; others do not compile', () => {
  const log: Log = logOf(server)
  log.warn({ orderId: 'a', partition: 3, err: new Error('any') }, 'words')
  // @ts-expect-error: nobody declares this field.
  log.warn({ customerName: 'b' }, 'words')
  const context = { orderId: 'a', shoeSize: 43 }
  // @ts-expect-error: nor this one, also when the fields were made elsewhere.
  log.warn(context, 'words')
  // @ts-expect-error: a partition is a number.
  log.info({ partition: '3' }, 'words')
  // @ts-expect-error: a line says in words what happened.
  log.error({ orderId: 'a' })
  expect(written).toHaveLength(5)
})
