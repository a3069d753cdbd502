/** What the exit code of a verb means: what it says holds, is refuted, or could not be decided or done. */
export const exitCodes = { holds: 0, refuted: 1, undecided: 2 } as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]
