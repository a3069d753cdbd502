import { expect, test } from 'vitest'
import { abortMarker } from './transactions.ts'

test('the marker that aborts has the bytes of WriteTxnMarkers, version 1', () => {
  const marker = abortMarker({
    ...{ topic: 'shipments', partition: 2, producerId: 7n, producerEpoch: 3, coordinatorEpoch: 5 },
    ...{ firstOffset: 41n, lastWrittenAtMs: 0 },
  })
  const expected = [
    ...['02', '0000000000000007', '0003', '00'],
    ...['02', '0a', Buffer.from('shipments').toString('hex'), '02', '00000002', '00'],
    ...['00000005', '00', '00'],
  ]
  expect(marker.buffer.toString('hex')).toBe(expected.join(''))
})
