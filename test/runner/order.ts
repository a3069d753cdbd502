/**
 * Which test files need what, so that as many as can run side by side. Whatever is named nowhere here runs alone against the
 * shared stack.
 */

/**
 * They start instances of their own and use nothing shared: they run while the shared stack is not there, since a stack at
 * rest takes most of a core.
 */
export const ownInstance = [
  'test/seams/*/proofs.test.ts',
  'test/seams/02-stream-first/legacy.test.ts',
  'test/seams/03-durable-clients/three-brokers.test.ts',
  'test/end-to-end/interruption.test.ts',
  ...['alerts', 'pages', 'watching'].map((name) => `test/seams/09-observability/${name}.test.ts`),
]

/**
 * Too long for `npm test`: `npm run test:full` runs them (`rounds.ts`), the former on instances of their own. What the late
 * rows' file asserts, the proof `late` asserts with more of everything.
 */
export const onlyInFull = {
  ownInstance: ['test/seams/06-exactly-once/auditor.test.ts'],
  shared: [
    'test/end-to-end/openapi-conformance.test.ts',
    'test/end-to-end/outages.test.ts',
    'test/seams/04-event-time/late-rows.test.ts',
    'test/seams/07-capture/large-row.test.ts',
    'test/seams/07-capture/recapture.test.ts',
  ],
}

/**
 * They run first, on the shared stack as a start leaves it: what the exporter shows of the groups and tables of all the other
 * files would be more than Prometheus takes of one target.
 */
export const youngStack = ['test/seams/09-observability/dashboards.test.ts']

/**
 * They use topics, tables and processes of their own in the shared stack, end and pause nothing that others use, and hold no
 * transaction open in Postgres, which would hold up every reader by position.
 */
export const sideBySide = [
  ...[
    'durable-discipline',
    'exactly-once-loop',
    'lost-answers',
    'refused-record',
    'unreadable-batch',
  ].map((name) => `test/seams/03-durable-clients/${name}.test.ts`),
  ...[
    ...['bronze', 'care', 'commit-guards', 'commits-of-bronze', 'conformance-pyiceberg'],
    ...['following-contracts', 'operations', 'partitions', 'power-loss', 'reader', 'silver'],
    ...['sharing-partitions', 'bounded-bronze', 'conformance-flink'],
  ].map((name) => `test/seams/07-lakehouse/${name}.test.ts`),
  'test/seams/08-contracts/publish-and-diff.test.ts',
  'test/seams/08-contracts/rollouts.test.ts',
  'test/end-to-end/rights/matrix.test.ts',
  'test/end-to-end/rights/noted-uses.test.ts',
  'test/end-to-end/rights/refused-at-start.test.ts',
]
