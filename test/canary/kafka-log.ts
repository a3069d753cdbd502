import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { Needle } from './forms.ts'
import { type Leak, leaksIn } from './search.ts'

/** Of a batch of records, from its first byte (Kafka's message format 2). */
const LENGTH_AT = 8
const ATTRIBUTES_AT = 21
const COMPRESSION = 0x07
const GZIP = 1
const HEAD_BYTES = 61

/**
 * What lies in the partitions of topics, read from the broker's files: of records that were aborted or not committed yet, too,
 * and without anybody's right to read the topic.
 *
 * @throws Error for a batch that is compressed otherwise than by gzip, in which nothing would be found.
 */
export function leaksInTopics(
  logFolder: string,
  isSearched: (topic: string) => boolean,
  needles: readonly Needle[],
): readonly Leak[] {
  return readdirSync(logFolder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && isSearched(entry.name.replace(/-\d+$/, '')))
    .flatMap(({ name }) => {
      const folder = join(logFolder, name)
      const segments = readdirSync(folder).filter((file) => file.endsWith('.log'))
      return segments.flatMap((file) => {
        const content = Buffer.concat(batchesIn(name, readFileSync(join(folder, file))))
        return leaksIn(`the log of ${name}`, content, needles)
      })
    })
}

/** The batches as they were before they were compressed. Behind the last one, a segment that is being written has zeros. */
function batchesIn(partition: string, segment: Buffer): readonly Buffer[] {
  const batches: Buffer[] = []
  for (let at = 0; at + HEAD_BYTES <= segment.length; ) {
    const length = segment.readInt32BE(at + LENGTH_AT)
    if (length === 0) break
    const end = at + LENGTH_AT + 4 + length
    const codec = segment.readInt16BE(at + ATTRIBUTES_AT) & COMPRESSION
    batches.push(recordsOf(partition, codec, segment.subarray(at + HEAD_BYTES, end)))
    at = end
  }
  return batches
}

function recordsOf(partition: string, codec: number, records: Buffer): Buffer {
  if (codec === 0) return records
  if (codec === GZIP) return gunzipSync(records)
  throw new Error(
    `${partition} has batches of codec ${codec}, in which no secret would be found: decompress them here`,
  )
}
