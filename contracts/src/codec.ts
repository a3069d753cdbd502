import { Codec } from '@tenseams/codec/codec'
import { currentSchema } from './schemas.ts'

/** The codec that reads and writes each topic by the newest contract of this build. */
export function openCodec(registryUrl: string, timeoutMs = 5_000): Codec {
  return new Codec({ registryUrl, timeoutMs, contractOf: currentSchema })
}
