/** A change as pgoutput writes it to the WAL stream, as far as it is needed to name a row. */
export type WalChange = {
  /** The table's oid. */
  readonly relation: number
  /** The new row, or the old one of a delete, by the published columns; undefined where a value is not in the message. */
  readonly values: readonly (string | undefined)[]
}

const changeKinds = { insert: 73, update: 85, delete: 68 } as const
/** Of the tuple with the new row; the other kinds hold the old one, or its key. */
const newTuple = 78
const cells = { null: 110, unchanged: 117, text: 116 } as const

/** Longer values are of no use in a line for people. */
const LONGEST_VALUE = 200

/**
 * Reads an insert, update or delete (protocol version 1); undefined for any other message, or one that is cut off.
 * https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html
 */
export function walChangeOf(message: Buffer): WalChange | undefined {
  const kind = message[0]
  if (!Object.values(changeKinds).some((each) => each === kind) || message.length < 8) {
    return undefined
  }
  const reader = new Reader(message, 5)
  const first = reader.byte()
  const values = reader.tuple()
  const hasNew = kind === changeKinds.update && first !== newTuple
  const isNew = hasNew && reader.byte() === newTuple
  return { relation: message.readInt32BE(1), values: isNew ? reader.tuple() : values }
}

/** Reads as far as the message goes. */
class Reader {
  readonly #message: Buffer
  #at: number

  constructor(message: Buffer, at: number) {
    this.#message = message
    this.#at = at
  }

  byte(): number | undefined {
    const byte = this.#message[this.#at]
    this.#at += 1
    return byte
  }

  tuple(): readonly (string | undefined)[] {
    const columns = this.#int(2)
    const values: (string | undefined)[] = []
    for (let column = 0; column < columns; column += 1) values.push(this.#cell())
    return values
  }

  #cell(): string | undefined {
    const kind = this.byte()
    if (kind === undefined || kind === cells.null || kind === cells.unchanged) return undefined
    const from = this.#at + 4
    const length = this.#int(4)
    this.#at = from + length
    const text = kind === cells.text && from < this.#message.length
    return text
      ? this.#message.subarray(from, from + Math.min(length, LONGEST_VALUE)).toString()
      : undefined
  }

  #int(bytes: 2 | 4): number {
    const at = this.#at
    this.#at += bytes
    return at + bytes <= this.#message.length ? this.#message.readUIntBE(at, bytes) : 0
  }
}
