import { type HrTime, SpanKind, SpanStatusCode } from '@opentelemetry/api'
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace'

type Done = Parameters<SpanExporter['export']>[1]

/** A span as Zipkin's API takes and gives it: https://zipkin.io/zipkin-api/#/default/post_spans. Times are microseconds. */
export type ZipkinSpan = {
  readonly traceId: string
  readonly id: string
  readonly parentId?: string
  readonly name?: string
  readonly kind?: string
  readonly timestamp?: number
  readonly duration?: number
  readonly localEndpoint?: { readonly serviceName?: string }
  readonly tags?: Readonly<Record<string, string>>
}

const SENT = 0
const FAILED = 1

/** Zipkin has no links between spans. They are in this tag, as `<trace id>-<span id>`, separated by blanks. */
export const LINKS = 'links'

/**
 * Sends spans to Zipkin. OpenTelemetry's own exporter leaves links out, and waits without end for an answer of a server that
 * accepts a connection and is silent (exporter-zipkin 3.1.0).
 */
export class ZipkinExporter implements SpanExporter {
  readonly #url: string
  readonly #timeoutMs: number
  readonly #underWay = new Set<Promise<void>>()

  constructor(url: string, timeoutMs: number) {
    this.#url = url
    this.#timeoutMs = timeoutMs
  }

  export(spans: ReadableSpan[], done: Done): void {
    const sending = this.#send(spans).then(
      () => done({ code: SENT }),
      (error: Error) => done({ code: FAILED, error }),
    )
    this.#underWay.add(sending)
    void sending.finally(() => this.#underWay.delete(sending))
  }

  async forceFlush(): Promise<void> {
    await Promise.all(this.#underWay)
  }

  shutdown(): Promise<void> {
    return this.forceFlush()
  }

  async #send(spans: readonly ReadableSpan[]): Promise<void> {
    const answer = await fetch(this.#url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(spans.map(zipkinSpan)),
      signal: AbortSignal.timeout(this.#timeoutMs),
    })
    await answer.body?.cancel()
    if (!answer.ok) throw new Error(`Zipkin has answered ${answer.status}`)
  }
}

/** The span in Zipkin's form. One that stands for another system's work names that system in `service.name`. */
export function zipkinSpan(span: ReadableSpan): ZipkinSpan {
  const { traceId, spanId } = span.spanContext()
  const { 'service.name': standsFor, ...attributes } = span.attributes
  const serviceName = String(standsFor ?? span.resource.attributes['service.name'])
  const parentId = span.parentSpanContext?.spanId
  return {
    ...{ traceId, id: spanId, name: span.name },
    ...(parentId !== undefined && { parentId }),
    ...(span.kind !== SpanKind.INTERNAL && { kind: SpanKind[span.kind] }),
    timestamp: microsOf(span.startTime),
    duration: Math.max(1, microsOf(span.duration)),
    localEndpoint: { serviceName },
    tags: tagsOf(span, attributes),
  }
}

function tagsOf({ links, status }: ReadableSpan, attributes: ReadableSpan['attributes']) {
  const tags = Object.entries(attributes).map(([name, value]) => [name, String(value)])
  if (links.length > 0) {
    const linked = links.map(({ context: { traceId, spanId } }) => `${traceId}-${spanId}`)
    tags.push([LINKS, linked.join(' ')])
  }
  // Zipkin shows a span with this tag as failed.
  if (status.code === SpanStatusCode.ERROR) {
    tags.push(['error', String(attributes['error.type'] ?? 'failed')])
  }
  return Object.fromEntries(tags) as Readonly<Record<string, string>>
}

function microsOf([seconds, nanos]: HrTime): number {
  return seconds * 1_000_000 + Math.round(nanos / 1_000)
}
