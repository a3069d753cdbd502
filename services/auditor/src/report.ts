import { type ExitCode, exitCodes } from '@tenseams/cli/exit-codes'

/** Where evidence comes from. */
export type Source =
  | 'postgres'
  | 'provider'
  | 'kafka'
  | 'registry'
  | 'pulse'
  | 'lake'
  | 'silver'
  | 'gold'
  | 'flink'

export type Status =
  /** It holds. */
  | 'ok'
  | 'violated'
  /** A part that it needs does not answer, or is too far behind to be judged. */
  | 'does not run'

/** The verdict on one invariant. */
export type Finding = {
  readonly id: string
  readonly says: string
  readonly status: Status
  /** Figures, or why there is no verdict. */
  readonly detail: string
  readonly violations: number
  /** How many may still be on their way, and are therefore no violations. */
  readonly inFlight: number
  /** The first few violations. */
  readonly offenders: readonly string[]
}

export type Report = {
  readonly at: string
  readonly durationMs: number
  readonly findings: readonly Finding[]
}

/** 0: every invariant holds; 1: at least one is violated; 2: at least one could not be judged. */
export function exitCodeOf({ findings }: Report): ExitCode {
  const has = (status: Status) => findings.some((finding) => finding.status === status)
  if (has('violated')) return exitCodes.refuted
  return has('does not run') ? exitCodes.undecided : exitCodes.holds
}

const marks: Readonly<Record<Status, string>> = {
  ok: 'ok',
  violated: 'VIOLATED',
  'does not run': 'DOES NOT RUN',
}

/** For people: one line for each invariant, followed by its first offenders. */
export function textOf({ findings, durationMs }: Report): string {
  const lines = findings.flatMap((finding) => {
    const { id, says, status, detail, inFlight, offenders } = finding
    const suffix = inFlight > 0 ? `; ${inFlight} in flight` : ''
    return [
      `${marks[status].padEnd(12)}  ${id.padEnd(13)} ${says}: ${detail}${suffix}`,
      ...offenders.map((offender) => `${' '.repeat(28)}${offender}`),
    ]
  })
  const count = (status: Status) => findings.filter((finding) => finding.status === status).length
  const summary = `${count('ok')} hold, ${count('violated')} violated, ${count('does not run')} without a verdict`
  return [...lines, `${summary}; ${(durationMs / 1_000).toFixed(1)} s`].join('\n')
}
