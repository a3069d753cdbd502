import { envelopeOf } from '@tenseams/codec/protobuf'
import protobuf from 'protobufjs'

/**
 * The brackets of a schema's text that may be open at once. Whatever walks over a schema calls itself for each of them, and
 * a record within a nullable field takes four.
 */
export const MOST_OPEN_BRACKETS = 200

/** The messages that may be within each other by reference, and the fields of the envelope with all of theirs. */
const MOST_MESSAGES_DEEP = 50
const MOST_FIELDS = 10_000

/** Texts and comments, in which a bracket is no bracket. */
const quoted =
  /"[^"\\]*(?:\\[\s\S][^"\\]*)*"|'[^'\\]*(?:\\[\s\S][^'\\]*)*'|\/\/[^\n]*|\/\*[\s\S]*?\*\//g

/**
 * Why a schema's text, Avro or Protobuf, nests too deeply to be walked; undefined when it does not. It does not call itself,
 * so it can look at any text, and it runs before any parser.
 */
export function tooDeep(text: string): string | undefined {
  let open = 0
  for (const [bracket] of text.replace(quoted, '').matchAll(/[{}[\]]/g)) {
    open += bracket === '{' || bracket === '[' ? 1 : -1
    if (open > MOST_OPEN_BRACKETS) {
      return `more than ${MOST_OPEN_BRACKETS} brackets are nested, which no reader walks: make it flatter`
    }
  }
  return undefined
}

/**
 * Refuses a Protobuf file whose envelope has too many fields once every message stands where it is used. A short text can
 * mean very many: 30 messages that each use the next one twice are a thousand million.
 *
 * @throws Error when the text is not Protobuf, too.
 */
export function refuseLargeMessages(text: string): void {
  sizeOf(envelopeOf(text), [], new Map())
}

/** The message's fields, and those of the messages that it uses. Each message is counted once, and remembered. */
function sizeOf(
  message: protobuf.Type,
  around: readonly protobuf.Type[],
  known: Map<protobuf.Type, number>,
): number {
  const size = known.get(message)
  if (size !== undefined) return size
  const within = [...around, message]
  if (within.length > MOST_MESSAGES_DEEP) {
    throw new Error(`more than ${MOST_MESSAGES_DEEP} messages are within each other: use fewer`)
  }
  const sizes = message.fieldsArray.map(({ name, resolvedType }) => {
    if (!(resolvedType instanceof protobuf.Type)) return 1
    if (within.includes(resolvedType)) {
      throw new Error(`${message.name}.${name}: a message within itself`)
    }
    return 1 + sizeOf(resolvedType, within, known)
  })
  const sum = sizes.reduce((total, each) => total + each, 0)
  if (sum > MOST_FIELDS) {
    throw new Error(`${message.name} has more than ${MOST_FIELDS} fields with those it uses`)
  }
  known.set(message, sum)
  return sum
}
