/** The output of a decompressor, which grows up to a bound. */
export class Inflated {
  readonly #maxBytes: number
  #buffer = Buffer.alloc(0)
  #length = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get length(): number {
    return this.#length
  }

  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }

  /** Makes room for that many bytes in all. @throws Error above the bound. */
  reserve(total: number): void {
    if (total > this.#maxBytes) throw new TooMuchOutputError(this.#maxBytes)
    if (total <= this.#buffer.length) return
    const size = Math.min(this.#maxBytes, Math.max(total, 2 * this.#buffer.length, 65_536))
    // Not filled with zeros: only what was written is ever returned.
    const larger = Buffer.allocUnsafeSlow(size)
    this.#buffer.copy(larger, 0, 0, this.#length)
    this.#buffer = larger
  }

  append(source: Buffer, start: number, end: number): void {
    this.reserve(this.#length + end - start)
    source.copy(this.#buffer, this.#length, start, end)
    this.#length += end - start
  }

  /**
   * Appends what is `distance` bytes back, as often as it takes for `length` bytes.
   *
   * @param start of the part of the output that may be referred to.
   */
  repeat(distance: number, length: number, start: number): void {
    const from = this.#length - distance
    if (distance === 0 || from < start) throw new Error('a copy of what is not there')
    this.reserve(this.#length + length)
    const end = this.#length + length
    let copied = Math.min(distance, length)
    this.#buffer.copyWithin(this.#length, from, from + copied)
    this.#length += copied
    // What was just written is a whole number of periods: double it until it suffices.
    for (; this.#length < end; this.#length += copied) {
      copied = Math.min(this.#length - from, end - this.#length)
      this.#buffer.copyWithin(this.#length, from, from + copied)
    }
  }
}

/** The output would be larger than its bound. */
export class TooMuchOutputError extends Error {
  constructor(maxBytes: number) {
    super(`more than ${maxBytes} bytes when decompressed`)
  }
}
