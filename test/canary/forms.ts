/** One form in which a secret could lie somewhere. */
export type Needle = {
  /** Whose secret it is and of which kind, such as `orders postgres.orders_service`: the secret itself is never told. */
  readonly of: string
  readonly form: 'plain' | 'base64' | 'URL-encoded' | 'hexadecimal'
  readonly bytes: Buffer
}

/** Shorter ones would be found by chance. */
const LEAST_BYTES = 12

/**
 * All forms of a secret. Base64 depends on what stands before a secret, such as the name in `Basic …`, modulo three bytes: so there are
 * three forms of it, without the characters at the ends that come from the neighbours.
 */
export function formsOf(of: string, secret: string): readonly Needle[] {
  if (Buffer.byteLength(secret) < LEAST_BYTES)
    throw new Error(`the secret of ${of} is too short to be searched for`)
  const needle = (form: Needle['form'], text: string) => ({ of, form, bytes: Buffer.from(text) })
  const hexadecimal = Buffer.from(secret).toString('hex')
  const all = [
    needle('plain', secret),
    ...[0, 1, 2].map((before) => needle('base64', base64After(before, secret, 'base64'))),
    ...[0, 1, 2].map((before) => needle('base64', base64After(before, secret, 'base64url'))),
    needle('URL-encoded', encodeURIComponent(secret)),
    needle('hexadecimal', hexadecimal),
    needle('hexadecimal', hexadecimal.toUpperCase()),
  ]
  return [...new Map(all.map((each) => [each.bytes.toString('latin1'), each])).values()]
}

function base64After(before: number, secret: string, form: 'base64' | 'base64url'): string {
  const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(secret)])
  const text = bytes.toString(form).replace(/=+$/, '')
  const first = Math.ceil((before * 8) / 6)
  const isWhole = bytes.length % 3 === 0
  return text.slice(first, isWhole ? undefined : -1)
}
