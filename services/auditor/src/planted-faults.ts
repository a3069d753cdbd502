import { ORDERS, PAYMENTS, SHIPMENTS } from './checks/check.ts'
import { NOW, PRODUCTS } from './clean-evidence.ts'

type Fault = readonly [what: string, sql: string, ids: readonly string[]]

/**
 * Each fault as a change of the evidence, and the invariants that must be named for it; no others may be. Silver is what
 * the changed bronze makes it.
 */
export const faultsBeforeSilver: readonly Fault[] = [
  [
    'an event that never came into its topic',
    `delete from records where type = 'OrderCompleted'; delete from bronze where type = 'OrderCompleted'`,
    ['I1'],
  ],
  [
    'a record that nobody stored',
    `insert into records select topic, 0, 4, key, fate, 'id-x', 'o-2', 1, 'OrderPlaced', occurred_at, written_at, 'h', null
       from records where type = 'OrderPlaced' and fate = 'committed';
     update records set key = 'o-2' where event_id = 'id-x';
     insert into bronze (topic, partition, "offset", event_id, stream_id, version, type) values ('${ORDERS}', 0, 4, 'id-x', 'o-2', 1, 'OrderPlaced');
     update committed set next_offset = 4 where topic = '${ORDERS}'`,
    ['I1.origin', 'I15'],
  ],
  [
    'a record that bronze has left out',
    `delete from bronze where type = 'OrderConfirmed'`,
    ['I1.bronze', 'I10'],
  ],
  [
    'an aborted record in bronze',
    `insert into bronze (topic, partition, "offset", event_id, stream_id, version, type) values ('${ORDERS}', 0, 9, 'id-aborted', null, null, 'OrderPlaced')`,
    ['I2', 'I15'],
  ],
  [
    'a row in bronze for which there is no record',
    `insert into bronze (topic, partition, "offset", event_id, stream_id, version, type) values ('${ORDERS}', 0, 7, 'id-OrderPlaced', 'o-1', 1, 'OrderPlaced')`,
    ['I2'],
  ],
  [
    'a confirmation that was written twice',
    `insert into events select * replace ('id-2' as event_id, 4 as version, 'x' as transaction_id)
       from events where type = 'OrderConfirmed';
     insert into records select * replace ('id-2' as event_id, 4 as version, 5 as "offset") from records
       where type = 'OrderConfirmed';
     insert into bronze select * replace ('id-2' as event_id, 4 as version, 5 as "offset") from bronze
       where type = 'OrderConfirmed'`,
    ['I3', 'I11'],
  ],
  [
    'a second dispatch for one confirmation',
    `insert into records select * replace ('id-2' as event_id, 2 as version, 5 as "offset") from records
       where type = 'ShipmentDispatched';
     insert into bronze select * replace ('id-2' as event_id, 2 as version, 5 as "offset") from bronze
       where type = 'ShipmentDispatched';
     insert into inbox values ('orders', 'id-2')`,
    ['I3.shipment'],
  ],
  [
    'money taken twice at the provider',
    `insert into operations select * from operations where kind = 'captured'`,
    ['I3.capture', 'I4.provider'],
  ],
  [
    'a ledger that has less than the events say',
    `update entries set amount_minor = 400 where transfer_id = 't-2'`,
    ['I4.ledger'],
  ],
  [
    'money that the provider has refunded and our events have not',
    `insert into operations select * replace ('refunded' as kind) from operations where kind = 'captured'`,
    ['I4.provider'],
  ],
  ['money that is in no window', `delete from gold`, []],
  ['money that a closed window has left out', `update gold set amount_minor = 400`, ['I4.gold']],
  ['a job that restarts without end', `update flink_jobs set failures = 3`, ['I4.jobs']],
  ['a job that has failed', `update flink_jobs set state = 'FAILED'`, ['I4.jobs']],
  [
    'a job without a checkpoint for minutes',
    `update flink_jobs set checkpoint_at = checkpoint_at - 200000`,
    ['I4.jobs'],
  ],
  ['money that is in a window twice', `insert into gold select * from gold`, ['I4.gold']],
  [
    'a transfer that credits more than it debits',
    `update entries set amount_minor = 501 where transfer_id = 't-1' and side = 'credit'`,
    ['I5'],
  ],
  [
    'a transfer of one side only',
    `delete from entries where transfer_id = 't-1' and side = 'credit'`,
    ['I5'],
  ],
  [
    'a version that is missing in a store',
    `update events set version = 4 where type = 'OrderCompleted'; update records set version = 4 where type = 'OrderCompleted';
     update bronze set version = 4 where type = 'OrderCompleted'`,
    ['I6', 'I6.topic'],
  ],
  [
    'versions that a reader meets in another order',
    `update records set "offset" = 8 where event_id = 'id-OrderPlaced'; update bronze set "offset" = 8 where type = 'OrderPlaced'`,
    ['I6.topic'],
  ],
  [
    'an order in two partitions',
    `update records set partition = 1 where type = 'OrderCompleted'; update bronze set partition = 1 where type = 'OrderCompleted';
     insert into ends values ('${ORDERS}', 1, 10);
     insert into chain values ('${ORDERS}', '${ORDERS}-1', 3, 0, 10)`,
    ['I6.topic', 'I7'],
  ],
  [
    'a record under the key of another',
    `update records set key = 'o-9' where type = 'OrderCompleted'`,
    ['I7'],
  ],
  [
    'half of an append',
    `update events set transaction_id = 'one' where store = 'orders'; delete from records where type = 'OrderCompleted';
     delete from bronze where type = 'OrderCompleted'`,
    ['I1', 'I8'],
  ],
  [
    'another event at an offset than the other reader saw',
    `update bronze set version = 7 where type = 'OrderCompleted'`,
    ['I9', 'I15'],
  ],
  [
    'an offset that bronze has twice',
    `insert into bronze select * from bronze where type = 'OrderCompleted'`,
    ['I10'],
  ],
  [
    'an order that was completed and never confirmed',
    `update events set type = 'OrderCompleted', event_id = 'id-y' where type = 'OrderConfirmed';
     update events set type = 'OrderRefunded', event_id = 'id-z' where type = 'OrderCompleted' and version = 3;
     delete from events where version = 3; delete from records where topic = '${ORDERS}' and version > 1 and type <> 'x';
     delete from bronze where topic = '${ORDERS}' and version > 1; update events set must = false where event_id = 'id-y';
     delete from records where type = 'ShipmentDispatched'; delete from bronze where type = 'ShipmentDispatched'`,
    ['I11'],
  ],
  [
    'an order that stays where it is',
    `delete from events where type = 'OrderCompleted'; delete from records where type = 'OrderCompleted';
     delete from bronze where type = 'OrderCompleted'; update committed set next_offset = 0 where group_id = 'orders-shipments'`,
    ['I11'],
  ],
  [
    'a key that promises an order nobody placed',
    `insert into answers values ('k-2', 'o-9', 201, 1)`,
    ['I13'],
  ],
  ['an order under two keys', `insert into answers values ('k-2', 'o-1', 201, 500)`, ['I13']],
  ['an answer with another amount than the order', `update answers set amount_minor = 1`, ['I13']],
  [
    'keys that were removed before the day that clients are promised',
    `insert into removals values ('orders', 'idempotency', ${NOW} - 1000)`,
    ['I13'],
  ],
  [
    'a key that is missing, younger than those whose life was over',
    `delete from answers; insert into removals values ('orders', 'idempotency', ${NOW} - 90000000)`,
    ['I13'],
  ],
  [
    'a payment that orders has passed without an effect',
    `delete from inbox where event_id = 'id-PaymentAuthorised'`,
    ['I14'],
  ],
  [
    'a shipment that orders has passed, of an order that is not completed',
    `delete from events where type = 'OrderCompleted'; delete from records where type = 'OrderCompleted';
     delete from bronze where type = 'OrderCompleted'; update events set recorded_at = ${NOW}`,
    ['I14'],
  ],
  [
    'a confirmation that fulfilment has passed without a shipment',
    `delete from records where type = 'ShipmentDispatched'; delete from bronze where type = 'ShipmentDispatched'`,
    ['I14'],
  ],
  [
    'a dead letter that does not say of which record it is',
    `insert into malformed_dead_letters values ('${ORDERS}.dead-letter', 0, 1, 'dead-letter-partition')`,
    ['I14.origin'],
  ],
  [
    'a snapshot that begins before the last one ended',
    `update chain set start_offset = 1 where sequence = 2 and table_name = '${ORDERS}'`,
    ['I16'],
  ],
  [
    'a row that another program appended to bronze',
    `insert into snapshots values ('${ORDERS}', 3, 'append', 1, 0, 7, null, false, false)`,
    ['I16.rows'],
  ],
  [
    'a row that another program appended in a snapshot that has expired',
    `update snapshots set total = 7 where sequence = 2`,
    ['I16.rows'],
  ],
  [
    'a topic that was deleted and made again',
    `update topic_ids set in_kafka = 'another' where topic = '${ORDERS}'`,
    ['I16.topic'],
  ],
  [
    'a record that the contract before the newest cannot read',
    `update records set unreadable = 'version 1: no' where type = 'OrderCompleted'`,
    ['I17'],
  ],
]

/** Faults of silver itself, while bronze is right. */
export const faultsOfSilver: readonly Fault[] = [
  ['an order that silver lacks', `delete from silver where topic = '${ORDERS}'`, ['I1.silver']],
  [
    'an order that silver has twice',
    `insert into silver select * from silver where topic = '${ORDERS}'`,
    ['I1.silver'],
  ],
  [
    'an order that silver has moved back',
    `update silver set version = 2, status = 'confirmed' where topic = '${ORDERS}'`,
    ['I1.silver'],
  ],
  [
    'a shipment in another state than bronze has it',
    `update silver set status = 'recalled' where topic = '${SHIPMENTS}'`,
    ['I1.silver'],
  ],
  [
    'an order of which bronze has nothing',
    `insert into silver values ('${ORDERS}', 'o-9', 1, 'placed', 1, 'EUR')`,
    ['I1.silver', 'I15'],
  ],
  [
    'another amount in silver than was captured',
    `update silver set amount_minor = 499 where topic = '${PAYMENTS}'`,
    ['I15'],
  ],
  [
    'a row that is in quarantine and not in bronze',
    `insert into quarantine values ('${ORDERS}', 0, 8, 'no-version')`,
    ['I1.quarantine'],
  ],
  [
    'a row that is in quarantine twice',
    `insert into quarantine values ('${ORDERS}', 0, 3, 'no-version'), ('${ORDERS}', 0, 3, 'no-version');
     update silver set version = 2, status = 'confirmed' where topic = '${ORDERS}'`,
    ['I1.quarantine'],
  ],
  [
    'a row that is in quarantine and in silver, too',
    `insert into quarantine values ('${ORDERS}', 0, 3, 'no-version')`,
    ['I1.silver'],
  ],
  [
    'a change that the history lacks',
    `delete from versions where first_offset = 2; update versions set valid_to_us = null`,
    ['I1.history'],
  ],
  [
    'a product whose history ends in a deletion that bronze does not have',
    `update versions set is_deleted = true, op = 'd' where first_offset = 2`,
    ['I1.history'],
  ],
  [
    'a product that was deleted, and is current in the history',
    `update changes set op = 'd' where "offset" = 2`,
    ['I1.history'],
  ],
  [
    'another value in the history than in bronze',
    `update versions set image = 'one' where first_offset = 2`,
    ['I1.history'],
  ],
  [
    'a product with two current versions',
    `update versions set valid_to_us = null where first_offset = 1`,
    ['I1.history'],
  ],
  [
    'a gap between two versions',
    `update versions set valid_from_us = 3 where first_offset = 2`,
    ['I1.history'],
  ],
  [
    'a product of which bronze has no change',
    `insert into versions values ('${PRODUCTS}', 'sofa', 1, null, false, 'c', 1, 1, 'one')`,
    ['I1.history'],
  ],
]
