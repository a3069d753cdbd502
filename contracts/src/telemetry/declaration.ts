/** What `telemetry.yaml` declares. */
export type Telemetry = {
  /** Who shows metrics, each with what it is. */
  readonly parts: Readonly<Record<string, string>>
  /** The parts that are services of ours: each of their metrics has the label `service`. */
  readonly services: readonly string[]
  readonly metrics: readonly Metric[]
  readonly spans: readonly Span[]
  readonly attributes: readonly Field[]
  readonly logFields: readonly Field[]
}

export type Metric = {
  readonly name: string
  /** False for metrics that others define. */
  readonly isOurs: boolean
  readonly type: MetricType
  /** Of its value; only of ours. */
  readonly unit?: string
  /** The parts whose scrape has it. */
  readonly from: readonly string[]
  /** Which values each label may have. */
  readonly labels: Readonly<Record<string, Bound>>
  /** Series of one part at most, where labels depend on each other. */
  readonly most?: number | undefined
  /** Upper bounds of a histogram's buckets, without the last one, which is infinite. */
  readonly buckets?: readonly number[]
  /** What must happen before a part shows it; otherwise it is there from the start. */
  readonly when?: string
  readonly help: string
  /** What it is looked at for. */
  readonly for: string
  /** The alerts that read it. */
  readonly alerts: readonly string[]
}

export type MetricType = (typeof metricTypes)[number]

/** The values of a label: a closed set, or at most so many. */
export type Bound = { readonly says: string } & (
  | { readonly values: readonly string[] }
  | { readonly most: number }
)

export type Span = {
  readonly id: string
  /** With attributes in braces. */
  readonly name: string
  readonly kind: (typeof spanKinds)[number]
  readonly attributes: readonly string[]
  readonly for: string
}

/** An attribute of spans, or a field of log lines. */
export type Field = {
  readonly name: string
  readonly type: (typeof fieldTypes)[number]
  readonly says: string
  readonly values?: readonly string[]
}

export const metricTypes = ['counter', 'gauge', 'histogram'] as const
export const spanKinds = ['server', 'client', 'producer', 'consumer', 'internal'] as const
export const fieldTypes = ['string', 'int', 'double', 'boolean', 'object'] as const

/** How many values a label may have. */
export function mostValues(bound: Bound): number {
  return 'values' in bound ? bound.values.length : bound.most
}

/** How many series a metric may have in one part, without the buckets of a histogram. */
export function mostSeries({ labels, most }: Pick<Metric, 'labels' | 'most'>): number {
  if (most !== undefined) return most
  return Object.values(labels).reduce((product, bound) => product * mostValues(bound), 1)
}
