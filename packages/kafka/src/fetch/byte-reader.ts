/** The bytes end before what they announce. */
export class CutOffError extends Error {
  constructor() {
    super('the bytes end too early')
  }
}

/** Reads the types of Kafka's protocol in order, and never past the end. https://kafka.apache.org/protocol.html */
export class ByteReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  int8(): number {
    return this.#bytes.readInt8(this.#take(1))
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#take(2))
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#take(4))
  }

  int64(): bigint {
    return this.#bytes.readBigInt64BE(this.#take(8))
  }

  /** The next bytes, not copied. */
  bytes(length: number): Buffer {
    const start = this.#take(length)
    return this.#bytes.subarray(start, this.#at)
  }

  string(): string {
    return this.bytes(this.int16()).toString()
  }

  /** A number of at most 32 bits in zigzag encoding. */
  varint(): number {
    let value = 0
    for (let index = 0; index < 5; index += 1) {
      const byte = this.#byte()
      value += (byte & 127) * 2 ** (7 * index)
      if (byte < 128) {
        if (value > 0xffff_ffff) throw new Error('a number of more than 32 bits')
        return value % 2 === 0 ? value / 2 : -(value + 1) / 2
      }
    }
    throw new Error('a number without an end')
  }

  /** A number of at most 64 bits in zigzag encoding. */
  varlong(): bigint {
    let low = 0
    let high = 0n
    for (let index = 0; index < 10; index += 1) {
      const byte = this.#byte()
      // Seven groups of seven bits are exact in a number, and most values have no more.
      if (index < 7) low += (byte & 127) * 2 ** (7 * index)
      else high |= BigInt(byte & 127) << BigInt(7 * index)
      if (byte < 128) return zigzag(BigInt.asUintN(64, BigInt(low) | high))
    }
    throw new Error('a number without an end')
  }

  /** Bytes after their length; null for the length -1. */
  varBytes(): Buffer | null {
    const length = this.varint()
    if (length < -1) throw new Error(`a length of ${length}`)
    return length === -1 ? null : this.bytes(length)
  }

  #byte(): number {
    return this.#bytes[this.#take(1)] ?? 0
  }

  #take(length: number): number {
    if (length < 0) throw new Error(`a length of ${length}`)
    if (length > this.left) throw new CutOffError()
    const start = this.#at
    this.#at += length
    return start
  }
}

const zigzag = (value: bigint): bigint => (value >> 1n) ^ -(value & 1n)
