import { type Profile, profiles } from '@tenseams/contracts/slo/windows'

const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** A duration of Prometheus, such as `5m` or `1h30m`, as long as it is in a profile. */
export function scaledDuration(duration: string, profile: Profile): string {
  if (profiles[profile].divisor === 1) return duration
  const ms = scaledMs(duration, profile)
  return ms % 1_000 === 0 ? `${ms / 1_000}s` : `${ms}ms`
}

/** The same in milliseconds. */
export function scaledMs(duration: string, profile: Profile): number {
  return Math.round(millisecondsOf(duration) / profiles[profile].divisor)
}

/** The same for every range and offset of an expression. Thresholds stay what they are. */
export function scaledExpression(expr: string, profile: Profile): string {
  return expr
    .replaceAll(/\[([\da-z]+)\]/g, (_, range: string) => `[${scaledDuration(range, profile)}]`)
    .replaceAll(
      /\boffset ([\da-z]+)/g,
      (_, offset: string) => `offset ${scaledDuration(offset, profile)}`,
    )
}

function millisecondsOf(duration: string): number {
  const parts = [...duration.matchAll(/(\d+)(ms|[smhd])/g)]
  return parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (unitMs[unit] ?? 0), 0)
}
