import { schemaIdOf } from '@tenseams/codec/frame'
import { openCodec } from '@tenseams/contracts/codec'

const TIMEOUT_MS = 10_000

/** Decodes keys and values by their writer's schema: what Connect registers has no contract of ours. */
export function writerDecoder(
  registryUrl: string,
): <Value>(topic: string, bytes: Buffer) => Promise<Value> {
  const ccompat = `${registryUrl}/apis/ccompat/v7`
  const codec = openCodec(ccompat, TIMEOUT_MS)
  const texts = new Map<number, string>()
  return async <Value>(topic: string, bytes: Buffer) => {
    const id = schemaIdOf(bytes)
    const text = texts.get(id) ?? (await textOf(`${ccompat}/schemas/ids/${id}`))
    texts.set(id, text)
    return (await codec.decode<Value>(topic, bytes, { text, format: 'avro' })).value
  }
}

async function textOf(url: string): Promise<string> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) })
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}`)
  return ((await answer.json()) as { readonly schema: string }).schema
}
