import { constants, gunzip, zstdDecompress } from 'node:zlib'
import { TooMuchOutputError } from './inflated.ts'
import { inflateLz4 } from './lz4.ts'
import { inflateSnappy } from './snappy.ts'

/** The names of a batch's codecs, by the lowest three bits of its attributes. */
const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

export const codecOf = (attributes: number): string => codecs[attributes & 7] ?? 'unknown codec'

/**
 * The records of a batch, decompressed.
 *
 * @throws Error for malformed bytes, an unknown codec, or more than `maxBytes` of output.
 */
export async function inflate(
  attributes: number,
  bytes: Buffer,
  maxBytes: number,
): Promise<Buffer> {
  switch (codecOf(attributes)) {
    case 'none':
      return bytes
    case 'gzip':
      return withNode(gunzip, bytes, { maxOutputLength: maxBytes, finishFlush: constants.Z_FINISH })
    case 'snappy':
      return inflateSnappy(bytes, maxBytes)
    case 'lz4':
      return inflateLz4(bytes, maxBytes)
    case 'zstd':
      return withNode(zstdDecompress, bytes, { maxOutputLength: maxBytes })
    default:
      throw new Error('unknown codec')
  }
}

type Options = { readonly maxOutputLength: number; readonly finishFlush?: number }
type Decompress = (
  bytes: Buffer,
  options: Options,
  done: (error: Error | null, result: Buffer) => void,
) => void

/** On Node's thread pool. Node stops at the bound. */
function withNode(decompress: Decompress, bytes: Buffer, options: Options): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    decompress(bytes, options, (error, result) => {
      if (error === null || error === undefined) resolve(result)
      else reject(isTooMuch(error) ? new TooMuchOutputError(options.maxOutputLength) : error)
    })
  })
}

function isTooMuch(error: Error): boolean {
  return 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
}
