import { randomUUID } from 'node:crypto'
import { runBareOrders } from './bare-orders.ts'

/** Orders without any guard against a redelivered shipment. */
await runBareOrders(() => ({ eventIdOf: () => randomUUID() }))
