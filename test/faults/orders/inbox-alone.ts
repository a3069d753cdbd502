import { randomUUID } from 'node:crypto'
import { runBareOrders } from './bare-orders.ts'

/** Orders whose only guard against a redelivered shipment is the inbox, as it should be. */
await runBareOrders(({ eventId }) => ({
  eventIdOf: () => randomUUID(),
  guard: { kind: 'inbox', eventId },
}))
