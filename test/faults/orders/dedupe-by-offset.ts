import { createHash, randomUUID } from 'node:crypto'
import { runBareOrders } from './bare-orders.ts'

/** Orders whose inbox is keyed by the record's offset, so the same event at a new offset is a new one. */
await runBareOrders((_shipment, { topic, partition, offset }) => ({
  eventIdOf: () => randomUUID(),
  guard: { kind: 'inbox', eventId: uuidOf(`${topic}-${partition}-${offset}`) },
}))

function uuidOf(name: string): string {
  const digits = createHash('sha256').update(name).digest('hex')
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5')
}
