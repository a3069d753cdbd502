import type { DerivedTable } from './derived-table.ts'
import { capturedTables } from './dimensions.ts'
import { type Order, silverTableOf } from './event-table.ts'
import { eventTables } from './event-tables.ts'
import { historyOf } from './history-table.ts'

/** All of silver. Dimensions come first, so that gold seldom meets an order before its customer. */
export function silverTables(order?: Order): readonly DerivedTable[] {
  return [
    ...capturedTables.map(historyOf),
    ...eventTables.map((events) => silverTableOf(events, order)),
  ]
}
