import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { compressionsAlgorithms } from '@platformatic/kafka'
import { inflateLz4 } from '@tenseams/kafka/fetch/lz4'
import { batchBounds } from '@tenseams/kafka/fetch/record-batch'
import { inflateSnappy } from '@tenseams/kafka/fetch/snappy'

type Compressed = Buffer | { readonly buffer: Buffer }

const { maxBytes, maxRecords } = batchBounds

/** An empty record has seven bytes, all of them zero. */
const emptyRecords = Buffer.alloc(7 * maxRecords)

/**
 * Puts the readers' bound on what a batch becomes in memory, since the client decompresses without one, and gives a whole
 * fetch up when one batch cannot be decompressed: the audit would never get behind it. Such a batch is read as empty
 * records instead, with its own header, so that its offsets, its producer and its transaction stay known. An empty record
 * is unreadable, and therefore a violation unless it is dead-lettered (I17).
 *
 * Idempotent. Shared with what is audited are the two decompressors: what they make is compared with what was stored.
 */
export function boundDecompression(): void {
  const options = { maxOutputLength: maxBytes }
  replace(compressionsAlgorithms.gzip, (bytes) => gunzipSync(bytes, options))
  replace(compressionsAlgorithms.zstd, (bytes) => zstdDecompressSync(bytes, options))
  replace(compressionsAlgorithms.lz4, (bytes) => inflateLz4(bytes, maxBytes))
  replace(compressionsAlgorithms.snappy, (bytes) => inflateSnappy(bytes, maxBytes))
}

function replace(algorithm: object, decompress: (bytes: Buffer) => Buffer): void {
  const decompressSync = (data: Compressed): Buffer => {
    try {
      return decompress(Buffer.isBuffer(data) ? data : data.buffer)
    } catch {
      // The cause is in the dead letter of the record's readers.
      return emptyRecords
    }
  }
  Object.assign(algorithm, { decompressSync })
}
