import { UsageError } from '@tenseams/cli/errors'

const unitMs: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** A time as people write it: how long ago, or a date with a time of day, in UTC unless it says otherwise. @throws UsageError */
export function sinceMsOf(text: string, nowMs: number): number {
  const [, count, unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? []
  if (count !== undefined) return nowMs - Number(count) * (unitMs[unit] ?? 0)
  const [, date, clock, zone = 'Z'] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?))?(Z|[+-]\d\d:\d\d)?$/.exec(
      text,
    ) ?? []
  const time = Date.parse(`${date}T${clock ?? '00:00'}${zone}`)
  if (!Number.isNaN(time)) return time
  throw new UsageError(
    `--since takes how long ago (30s, 10m, 2h, 1d) or a time in UTC like 2026-11-30T22:10, not "${text}"`,
  )
}
