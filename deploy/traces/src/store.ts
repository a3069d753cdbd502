import { VerbError } from '@tenseams/cli/errors'
import type { ZipkinSpan } from '@tenseams/telemetry/tracing/zipkin'

/** A span with what every span of ours has. Times are microseconds. */
export type StoredSpan = {
  readonly traceId: string
  readonly id: string
  readonly parentId: string | undefined
  readonly service: string
  readonly name: string
  readonly startUs: number
  readonly durationUs: number
  readonly tags: Readonly<Record<string, string>>
}

const TIMEOUT_MS = 10_000
const DAY_MS = 86_400_000
const MOST_TRACES = 50

/** Reads traces from Zipkin. */
export class TraceStore {
  readonly #url: string

  constructor(url: string) {
    this.#url = url
  }

  /** The traces of a day in which something was appended to that stream, the oldest first. @throws VerbError */
  async ofStream(streamId: string): Promise<readonly (readonly StoredSpan[])[]> {
    const query = new URLSearchParams({
      annotationQuery: `tenseams.stream.id=${streamId}`,
      lookback: String(DAY_MS),
      limit: String(MOST_TRACES),
    })
    const traces = (await this.#ask(`/api/v2/traces?${query}`)) as readonly ZipkinSpan[][]
    return traces
      .map(storedSpans)
      .toSorted(([one], [other]) => (one?.startUs ?? 0) - (other?.startUs ?? 0))
  }

  /** The spans of a trace, in the order of their beginnings; none when it is not known. @throws VerbError */
  async ofTrace(traceId: string): Promise<readonly StoredSpan[]> {
    const spans = await this.#ask(`/api/v2/trace/${traceId}`)
    return spans === undefined ? [] : storedSpans(spans as readonly ZipkinSpan[])
  }

  /** Undefined for what is not there. */
  async #ask(path: string): Promise<unknown> {
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    const answer = await fetch(`${this.#url}${path}`, { signal }).catch((cause: unknown) => {
      const hint = 'it belongs to the profile full; see `npm run stack -- status`'
      throw new VerbError(`${this.#url}: Zipkin does not answer; ${hint}`, { cause })
    })
    if (answer.status === 404) return undefined
    if (!answer.ok) throw new VerbError(`${this.#url}${path} answers ${answer.status}`)
    return answer.json()
  }
}

/** Spans with their times, once each: three readers report the same wait of an event. */
export function storedSpans(spans: readonly ZipkinSpan[]): readonly StoredSpan[] {
  const byId = new Map(spans.map((span) => [span.id, span]))
  return [...byId.values()]
    .map(({ traceId, id, parentId, name, timestamp, duration, localEndpoint, tags }) => ({
      ...{ traceId, id, parentId, name: name ?? '', tags: tags ?? {} },
      service: localEndpoint?.serviceName ?? 'unknown',
      startUs: timestamp ?? 0,
      durationUs: duration ?? 0,
    }))
    .toSorted((one, other) => one.startUs - other.startUs)
}
