/** Grafana puts the length of four scrapes there, or of one pixel when that is longer. */
export const RATE_INTERVAL = '$__rate_interval'

/** How much a counter increases in a second. */
export function rate(series: string): string {
  return `rate(${series}[${RATE_INTERVAL}])`
}

/** The same of a gauge that rises, such as an offset. */
export function growth(series: string): string {
  return `deriv(${series}[${RATE_INTERVAL}])`
}

/** The duration that only one of a hundred exceeds, by labels. */
export function p99(histogram: string, by: readonly string[]): string {
  return quantile(0.99, histogram, by)
}

export function quantile(share: number, histogram: string, by: readonly string[]): string {
  const buckets = `sum by (${[...by, 'le'].join(', ')}) (${rate(`${histogram}_bucket`)})`
  return `histogram_quantile(${share}, ${buckets})`
}

/**
 * The share of some series among all of them, by labels: 0 where there is none of them. Where nothing happens at all there is no
 * share, since 0 of 0 is no number.
 */
export function share(some: string, all: string, by: readonly string[]): string {
  const sum = (series: string) => `sum by (${by.join(', ')}) (${rate(series)})`
  return `(${sum(some)} or ${sum(all)} * 0) / (${sum(all)} > 0)`
}

/** 0 while there is no series at all, for what is counted only when something goes wrong. */
export function orZero(expr: string): string {
  return `${expr} or on () vector(0)`
}

/** How long ago it was. */
export function age(timestamp: string): string {
  return `time() - ${timestamp}`
}

/** A query as Grafana sends it to Prometheus. */
export function withInterval(expr: string, interval: string): string {
  return expr.replaceAll(RATE_INTERVAL, interval)
}
