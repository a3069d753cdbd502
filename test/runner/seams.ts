/**
 * What belongs to a seam, as beginnings of paths: its folder in `test/seams`, and the folders whose unit tests prove the code
 * that it rests on. A room that serves several seams is named by each.
 */
const rooms: Readonly<Record<number, readonly string[]>> = {
  2: [
    ...['packages/event-store/', 'packages/decider/', 'services/orders/', 'services/legacy/'],
    ...['test/proofs/keys', 'test/proofs/stream-first/'],
  ],
  3: ['packages/kafka/', 'packages/service/'],
  4: ['flink-jobs/', 'test/proofs/late/'],
  5: ['flink-jobs/', 'test/proofs/rescale/'],
  6: [
    ...['services/payments/', 'services/payment-provider/', 'packages/provider/'],
    'services/fulfilment/',
    ...['services/auditor/', 'test/history/', 'test/simulation/', 'test/proofs/eos/'],
  ],
  7: [
    ...['packages/iceberg/', 'services/lakehouse/', 'deploy/debezium/'],
    ...['test/proofs/cdc/', 'test/proofs/lake/', 'test/proofs/medallion/'],
  ],
  8: ['contracts/', 'packages/codec/'],
  9: [
    ...['packages/telemetry/', 'services/exporter/', 'contracts/src/telemetry/'],
    ...['contracts/src/slo/', 'deploy/observability/', 'test/alerts/'],
  ],
}

/** The seams that have tests. */
export const seams: readonly number[] = Object.keys(rooms).map(Number)

/** The beginnings of the paths of a seam's test files, in either suite. */
export function pathsOfSeam(seam: number): readonly string[] {
  const of = rooms[seam]
  if (of === undefined)
    throw new RangeError(`seams with tests are ${seams.join(', ')}: not ${seam}`)
  return [`test/seams/${String(seam).padStart(2, '0')}-`, ...of]
}
