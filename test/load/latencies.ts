import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  type Histogram,
} from 'hdr-histogram-js'

const MICROS_A_MS = 1_000
const LONGEST_MS = 600_000

/** Latencies in an HdrHistogram: every value is kept to three digits, from a microsecond to ten minutes. */
export class Latencies {
  readonly #histogram: Histogram

  constructor(
    histogram = build({
      lowestDiscernibleValue: 1,
      highestTrackableValue: LONGEST_MS * MICROS_A_MS,
      numberOfSignificantValueDigits: 3,
    }),
  ) {
    this.#histogram = histogram
  }

  /** @param text what `encode` has returned, here or in another process. */
  static decode(text: string): Latencies {
    return new Latencies(decodeFromCompressedBase64(text))
  }

  record(latencyMs: number): void {
    const bounded = Math.min(Math.max(latencyMs, 0), LONGEST_MS)
    this.#histogram.recordValue(Math.round(bounded * MICROS_A_MS))
  }

  get count(): number {
    return this.#histogram.totalCount
  }

  /** In milliseconds; NaN when nothing was recorded. */
  percentile(percent: number): number {
    if (this.count === 0) return Number.NaN
    return this.#histogram.getValueAtPercentile(percent) / MICROS_A_MS
  }

  /** The whole distribution, in the compressed form that every port of HdrHistogram reads. */
  encode(): string {
    return encodeIntoCompressedBase64(this.#histogram)
  }
}
