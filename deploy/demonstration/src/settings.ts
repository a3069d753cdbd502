/** How long the jobs' windows, gaps and terms are here, in seconds: short enough that people see them end. */
export const demonstrationSeconds = {
  window: 10,
  slide: 10,
  size: 30,
  gap: 10,
  skew: 5,
  term: 20,
} as const

/** With what an instance is started on which the demonstration is shown, or its agreement is tested. */
export const demonstrationSettings = {
  checkpointIntervalMs: 3_000,
  intervals: Object.fromEntries(
    Object.entries(demonstrationSeconds).map(([mark, count]) => [
      mark,
      `INTERVAL '${count}' SECOND`,
    ]),
  ),
  silverIntervalMs: 3_000,
}
