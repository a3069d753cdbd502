import type { DerivedTable } from './derived-table.ts'
import { capturedTables } from './dimensions.ts'
import { type Ranking, silverTableOf } from './event-table.ts'
import { eventTables } from './event-tables.ts'
import { historyOf } from './history-table.ts'

/**
 * All of silver. Dimensions come first, so that gold seldom meets an order before its customer.
 *
 * @param ranking which of a stream's events is the newest; by default the one with the highest version.
 */
export function silverTables(ranking?: Ranking): readonly DerivedTable[] {
  return [
    ...capturedTables.map(historyOf),
    ...eventTables.map((events) => silverTableOf(events, ranking)),
  ]
}
