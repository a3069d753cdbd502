/** `drill` has windows 20 times shorter, so that a page that needs five minutes comes within seconds. */
export type Profile = 'normal' | 'drill'

export type Timing = {
  readonly divisor: number
  /** Between two evaluations of rules. */
  readonly intervalSeconds: number
  /** Between two scrapes. */
  readonly scrapeSeconds: number
  /** The same for rules over days. */
  readonly slowIntervalSeconds: number
}

export const profiles: Readonly<Record<Profile, Timing>> = {
  normal: { divisor: 1, intervalSeconds: 15, scrapeSeconds: 15, slowIntervalSeconds: 60 },
  drill: { divisor: 20, intervalSeconds: 1, scrapeSeconds: 2, slowIntervalSeconds: 3 },
}

export type Burn = {
  /** How many times faster than sustainable the budget is spent. */
  readonly rate: number
  readonly long: string
  readonly short: string
  readonly severity: 'page' | 'ticket'
  readonly speed: 'Fast' | 'Slow'
}

/** The four of Google's SRE workbook, chapter 5: who is called at which rate, and over which windows that is seen. */
export const burns: readonly Burn[] = [
  { rate: 14.4, long: '1h', short: '5m', severity: 'page', speed: 'Fast' },
  { rate: 6, long: '6h', short: '30m', severity: 'page', speed: 'Fast' },
  { rate: 3, long: '1d', short: '2h', severity: 'ticket', speed: 'Slow' },
  { rate: 1, long: '3d', short: '6h', severity: 'ticket', speed: 'Slow' },
]

/** Computed at the slow interval. */
export const longWindows: readonly string[] = ['1d', '2h', '3d']

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 }

/** The length of a window such as `5m` in a profile. */
export function windowSeconds(window: string, profile: Profile): number {
  const [, count = '', unit = ''] = /^(\d+)([smhd])$/.exec(window) ?? []
  const seconds = Number(count) * (unitSeconds[unit] ?? Number.NaN)
  return seconds / profiles[profile].divisor
}
