import { isUtf8 } from 'node:buffer'
import { bounds, OutOfBoundsError } from './bounds.ts'

export type AvroByteCheck = (bytes: Buffer) => void

/**
 * Walks a value's Avro bytes by the schema that wrote them and refuses what cannot be one, before the library decodes
 * them: avsc believes counts and lengths and looks at the end of the bytes last, so that 36 bytes with a count of
 * 200 000 000 block the process for minutes and fill its memory. The work here is bounded by the number of bytes. What avsc
 * would misread is refused, too: an `int` of more than 32 bits, which no column of that type holds, and text that is not
 * UTF-8.
 *
 * https://avro.apache.org/docs/1.12.0/specification/#binary-encoding
 *
 * @param schema of the writer, as parsed JSON. The check throws an Error for bytes that are no value of it.
 */
export function avroByteCheck(schema: unknown): AvroByteCheck {
  const { walk } = new Compiler().of(schema, '')
  return (bytes) => {
    const cursor = new Cursor(bytes)
    walk(cursor, 0)
    if (cursor.left > 0) throw new OutOfBoundsError(`${cursor.left} bytes too many`)
  }
}

type Walk = (cursor: Cursor, depth: number) => void

/** How a type is walked, and the fewest bytes that a value of it takes. */
type Walker = { readonly walk: Walk; readonly leastBytes: number }

class Cursor {
  readonly #bytes: Buffer
  #at = 0
  #items = 0
  #emptyItems = 0
  #records = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  skip(length: number): void {
    if (length < 0) throw new OutOfBoundsError(`a length of ${length}`)
    if (length > this.left)
      throw new OutOfBoundsError(`${length} bytes are announced, ${this.left} are left`)
    this.#at += length
  }

  /** A whole number in zigzag encoding; above 2^53 it is not exact, and too large for any length. */
  number(mostBytes: number): number {
    let value = 0
    for (let index = 0; index < mostBytes; index += 1) {
      const byte = this.#bytes[this.#at]
      if (byte === undefined) throw new OutOfBoundsError('a number is cut off')
      this.#at += 1
      value += (byte & 127) * 2 ** (7 * index)
      if (byte < 128) return value % 2 === 0 ? value / 2 : -(value + 1) / 2
    }
    throw new OutOfBoundsError(`a number of more than ${mostBytes} bytes`)
  }

  /** Skips a number whose value does not matter, if it has no more than 7 bits a byte and `lastBits` in the last one. */
  skipNumber(mostBytes: number, lastBits: number): void {
    for (let index = 0; index < mostBytes; index += 1) {
      const byte = this.#bytes[this.#at]
      if (byte === undefined) throw new OutOfBoundsError('a number is cut off')
      this.#at += 1
      const isLast = index === mostBytes - 1
      if (isLast && byte >> lastBits !== 0) break
      if (byte < 128) return
    }
    const mostBits = 7 * (mostBytes - 1) + lastBits
    throw new OutOfBoundsError(`a number of more than ${mostBits} bits`)
  }

  skipText(length: number): void {
    const start = this.#at
    this.skip(length)
    if (!isUtf8(this.#bytes.subarray(start, this.#at))) throw new Error('a text is not UTF-8')
  }

  skipBoolean(): void {
    this.skip(1)
    if ((this.#bytes[this.#at - 1] ?? 0) > 1) throw new Error('a boolean is neither 0 nor 1')
  }

  enterRecord(depth: number): void {
    this.#records += 1
    if (depth > bounds.maxDepth || this.#records > bounds.maxRecords) {
      throw new OutOfBoundsError(`nested deeper than ${bounds.maxDepth}, or too many records`)
    }
  }

  /** Counts the items of a block before the first of them is walked. */
  announce(count: number, leastBytes: number): void {
    if (count * leastBytes > this.left) {
      throw new OutOfBoundsError(`${count} items are announced, ${this.left} bytes are left`)
    }
    this.#items += count
    if (leastBytes === 0) this.#emptyItems += count
    if (this.#items > bounds.maxItems || this.#emptyItems > bounds.maxEmptyItems) {
      throw new OutOfBoundsError(
        `more than ${bounds.maxItems} items, or ${bounds.maxEmptyItems} without a byte`,
      )
    }
  }
}

const INT_BYTES = 5
const LONG_BYTES = 10

const primitives: Readonly<Record<string, Walker>> = {
  null: { walk: () => undefined, leastBytes: 0 },
  boolean: { walk: (cursor) => cursor.skipBoolean(), leastBytes: 1 },
  int: { walk: (cursor) => cursor.skipNumber(INT_BYTES, 4), leastBytes: 1 },
  long: { walk: (cursor) => cursor.skipNumber(LONG_BYTES, 1), leastBytes: 1 },
  float: { walk: (cursor) => cursor.skip(4), leastBytes: 4 },
  double: { walk: (cursor) => cursor.skip(8), leastBytes: 8 },
  bytes: { walk: (cursor) => cursor.skip(cursor.number(LONG_BYTES)), leastBytes: 1 },
  string: { walk: (cursor) => cursor.skipText(cursor.number(LONG_BYTES)), leastBytes: 1 },
}

type Fields = Readonly<Record<string, unknown>>

class Compiler {
  /** By full name. A type that refers to itself is entered before its fields are known. */
  readonly #named = new Map<string, Walker>()

  of(schema: unknown, namespace: string): Walker {
    if (typeof schema === 'string') return this.#byName(schema, namespace)
    if (Array.isArray(schema)) return this.#union(schema, namespace)
    const { type, ...rest } = schema as Fields
    if (type === 'record' || type === 'error') return this.#record(rest, namespace)
    if (type === 'array') return listOf(this.of(rest.items, namespace), false)
    if (type === 'map') return listOf(this.of(rest.values, namespace), true)
    if (type === 'enum') {
      const last = (rest.symbols as readonly unknown[]).length - 1
      return this.#enter(rest, namespace, indexUpTo(last))
    }
    if (type === 'fixed') {
      const size = Number(rest.size)
      const walk: Walk = (cursor) => cursor.skip(size)
      return this.#enter(rest, namespace, { walk, leastBytes: size })
    }
    return this.of(type, namespace)
  }

  #byName(name: string, namespace: string): Walker {
    const found =
      primitives[name] ?? this.#named.get(fullNameOf(name, namespace)) ?? this.#named.get(name)
    if (found === undefined) throw new Error(`unknown type ${name}`)
    return found
  }

  #union(branches: readonly unknown[], namespace: string): Walker {
    const walkers = branches.map((branch) => this.of(branch, namespace))
    const walk: Walk = (cursor, depth) => {
      const branch = walkers[cursor.number(INT_BYTES)]
      if (branch === undefined) throw new OutOfBoundsError('a branch that the union does not have')
      branch.walk(cursor, depth)
    }
    return { walk, leastBytes: 1 + Math.min(...walkers.map(({ leastBytes }) => leastBytes)) }
  }

  #record(record: Fields, namespace: string): Walker {
    const own = namespaceOf(record, namespace)
    const walkers: Walker[] = []
    const walk: Walk = (cursor, depth) => {
      cursor.enterRecord(depth)
      for (const field of walkers) field.walk(cursor, depth + 1)
    }
    // Within itself a record may be missing, so it is counted with no bytes there.
    this.#enter(record, namespace, { walk, leastBytes: 0 })
    for (const { type } of record.fields as readonly Fields[]) walkers.push(this.of(type, own))
    const leastBytes = walkers.reduce((sum, field) => sum + field.leastBytes, 0)
    return this.#enter(record, namespace, { walk, leastBytes })
  }

  #enter(named: Fields, namespace: string, walker: Walker): Walker {
    const name = fullNameOf(String(named.name), namespaceOf(named, namespace))
    this.#named.set(name, walker)
    return walker
  }
}

function indexUpTo(last: number): Walker {
  const walk: Walk = (cursor) => {
    const index = cursor.number(INT_BYTES)
    if (index < 0 || index > last)
      throw new OutOfBoundsError('a symbol that the enum does not have')
  }
  return { walk, leastBytes: 1 }
}

/** Blocks of items, ended by an empty one. A negative count is followed by the size of its block in bytes. */
function listOf(items: Walker, hasKeys: boolean): Walker {
  const leastBytes = items.leastBytes + (hasKeys ? 1 : 0)
  const walk: Walk = (cursor, depth) => {
    if (depth > bounds.maxDepth) throw new OutOfBoundsError(`nested deeper than ${bounds.maxDepth}`)
    for (;;) {
      const announced = cursor.number(LONG_BYTES)
      if (announced === 0) return
      const size = announced < 0 ? cursor.number(LONG_BYTES) : undefined
      const before = cursor.left
      cursor.announce(Math.abs(announced), leastBytes)
      for (let left = Math.abs(announced); left > 0; left -= 1) {
        if (hasKeys) primitives.string?.walk(cursor, depth)
        items.walk(cursor, depth + 1)
      }
      // Who skips the block by its size must end where this reader ends.
      if (size !== undefined && size !== before - cursor.left) {
        throw new OutOfBoundsError(`a block of ${before - cursor.left} bytes says ${size}`)
      }
    }
  }
  return { walk, leastBytes: 1 }
}

function fullNameOf(name: string, namespace: string): string {
  return name.includes('.') || namespace === '' ? name : `${namespace}.${name}`
}

/** A name with dots has its namespace in it. */
function namespaceOf({ name, namespace }: Fields, around: string): string {
  const dot = String(name).lastIndexOf('.')
  if (dot >= 0) return String(name).slice(0, dot)
  return typeof namespace === 'string' ? namespace : around
}
