import type { EventMetadata } from '@tenseams/event-store/aggregate'
import type { SideRow, SideTable } from '@tenseams/event-store/append'
import { v5 as uuidv5 } from 'uuid'
import { entriesOf, transfersOf } from './domain/ledger.ts'
import type { PaymentEvent } from './domain/payment.ts'

/** The double-entry ledger, which deploy/postgres/ledger.sql creates beside the event store. */
export const entriesTable: SideTable = {
  table: 'entries',
  columns: [
    { name: 'transfer_id', type: 'uuid' },
    { name: 'entry_no', type: 'smallint' },
    { name: 'order_id', type: 'text' },
    { name: 'event_id', type: 'uuid' },
    { name: 'payment_id', type: 'text' },
    { name: 'account', type: 'text' },
    { name: 'side', type: 'text' },
    { name: 'amount_minor', type: 'bigint' },
    { name: 'currency', type: 'text' },
  ],
}

/** The transfers of an event, as rows of the ledger: two per transfer. */
export function entryRows(
  event: PaymentEvent,
  { eventId, streamId }: EventMetadata,
): readonly SideRow[] {
  return transfersOf(event).flatMap((transfer, step) => {
    const transferId = uuidv5(`transfer/${step}`, eventId)
    return entriesOf(transfer).map(({ paymentId, account, side, amountMinor, currency }, index) => [
      ...[transferId, index + 1, streamId, eventId],
      ...[paymentId, account, side, amountMinor, currency],
    ])
  })
}
