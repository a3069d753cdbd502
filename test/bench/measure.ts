/** One contestant's run: each caller makes its next append as soon as the last one is answered. */
export type Run = { readonly events: number; readonly wallMs: number; readonly cpuMicros: number }

export type Summary = {
  readonly median: number
  readonly least: number
  readonly most: number
}

/** One append; resolves when it is durable. `caller` keeps to streams of its own. */
export type AppendNext = (caller: number) => Promise<void>

/** A closed loop: its ratios within one run are meaningful, its latencies are not. */
export async function run(
  appendNext: AppendNext,
  callers: number,
  durationMs: number,
): Promise<Run> {
  const begun = performance.now()
  const cpu = process.cpuUsage()
  let events = 0
  const call = async (caller: number): Promise<void> => {
    while (performance.now() - begun < durationMs) {
      await appendNext(caller)
      events += 1
    }
  }
  await Promise.all(Array.from({ length: callers }, (_, caller) => call(caller)))
  const { user, system } = process.cpuUsage(cpu)
  return { events, wallMs: performance.now() - begun, cpuMicros: user + system }
}

export const eventsPerSecond = ({ events, wallMs }: Run): number => (events / wallMs) * 1_000

export const cpuMicrosPerEvent = ({ events, cpuMicros }: Run): number => cpuMicros / events

export function summarise(values: readonly number[]): Summary {
  if (values.length === 0) throw new Error('nothing was measured')
  const sorted = values.toSorted((a, b) => a - b)
  const at = (index: number): number => sorted[index] ?? Number.NaN
  const middle = (sorted.length - 1) / 2
  return {
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    least: at(0),
    most: at(sorted.length - 1),
  }
}

/** Ours divided by theirs, by round: what affects both in a round (other work, a checkpoint) cancels out. */
export function ratios(ours: readonly number[], theirs: readonly number[]): readonly number[] {
  if (ours.length !== theirs.length) throw new Error('rounds are missing')
  return ours.map((value, round) => value / (theirs[round] ?? Number.NaN))
}
