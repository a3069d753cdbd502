/** The lengths of the jobs' windows, gaps and terms in seconds: short enough to watch them end. */
export const demonstrationSeconds = {
  window: 10,
  slide: 10,
  size: 30,
  gap: 10,
  skew: 5,
  term: 20,
} as const

/** The settings of an instance on which the demonstration, or a test of its comparisons, runs. */
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
