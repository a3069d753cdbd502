/** Where evidence comes from. */
export type Source = 'postgres' | 'provider' | 'kafka' | 'registry' | 'pulse' | 'lake' | 'gold'

export type Status =
  /** It holds. */
  | 'ok'
  | 'violated'
  /** A part of the system that it is about is not built yet. */
  | 'not checked'
  /** A part that it needs gives no answer, or is too far behind to judge. */
  | 'does not run'

/** What was found of one invariant. */
export type Finding = {
  readonly id: string
  readonly says: string
  readonly status: Status
  /** Figures, or why there is no verdict. */
  readonly detail: string
  readonly violations: number
  /** What may still be on its way, and is therefore no violation. */
  readonly inFlight: number
  /** The first of those that break it. */
  readonly offenders: readonly string[]
}

export type Report = {
  readonly at: string
  readonly durationMs: number
  readonly findings: readonly Finding[]
}

/** 0: every invariant that is built holds; 1: one is violated; 2: one that is built could not be judged. */
export function exitCodeOf({ findings }: Report): number {
  const has = (status: Status) => findings.some((finding) => finding.status === status)
  if (has('violated')) return 1
  return has('does not run') ? 2 : 0
}

const marks: Readonly<Record<Status, string>> = {
  ok: 'ok',
  violated: 'VIOLATED',
  'not checked': 'not checked',
  'does not run': 'DOES NOT RUN',
}

/** For people: a line an invariant, and its first offenders below. */
export function textOf({ findings, durationMs }: Report): string {
  const lines = findings.flatMap((finding) => {
    const { id, says, status, detail, inFlight, offenders } = finding
    const flying = inFlight > 0 ? `; ${inFlight} in flight` : ''
    return [
      `${marks[status].padEnd(12)}  ${id.padEnd(4)} ${says}: ${detail}${flying}`,
      ...offenders.map((offender) => `                    ${offender}`),
    ]
  })
  const count = (status: Status) => findings.filter((finding) => finding.status === status).length
  const summary = `${count('ok')} hold, ${count('violated')} violated, ${count('not checked')} not checked, ${count('does not run')} without a verdict`
  return [...lines, `${summary}; ${(durationMs / 1_000).toFixed(1)} s`].join('\n')
}
