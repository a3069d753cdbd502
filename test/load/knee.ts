/** Where the knee is looked for. */
export type KneeSearch = {
  readonly firstRate: number
  readonly mostRate: number
  /** The search ends when the lowest rate that was not kept is at most so many times the highest that was. */
  readonly precision: number
  readonly mostSteps: number
}

export type Knee = {
  /** The highest rate that was kept; undefined when none was. */
  readonly kept: number | undefined
  /** The lowest rate that was not; undefined when even the highest rate was kept, or the search was ended early. */
  readonly refused: number | undefined
}

const FACTOR = 2
const LEAST_RATE = 1

/**
 * Doubles the rate until it is not kept (or halves it until it is), then tries the geometric mean of both. Each rate is tried
 * once, so the result is as exact as one try is: `kept` was kept, and `refused` was not.
 *
 * @param isKept undefined ends the search with what is known.
 */
export async function findKnee(
  { firstRate, mostRate, precision, mostSteps }: KneeSearch,
  isKept: (rate: number) => Promise<boolean | undefined>,
): Promise<Knee> {
  let [kept, refused]: [number | undefined, number | undefined] = [undefined, undefined]
  let rate: number | undefined = firstRate
  for (let step = 0; step < mostSteps && rate !== undefined; step += 1) {
    const answer: boolean | undefined = await isKept(rate)
    if (answer === undefined) break
    if (answer) kept = rate
    else refused = rate
    rate = nextRate({ kept, refused }, mostRate, precision)
  }
  return { kept, refused }
}

function nextRate({ kept, refused }: Knee, most: number, precision: number): number | undefined {
  if (refused === undefined) {
    return kept === undefined || kept >= most ? undefined : Math.min(kept * FACTOR, most)
  }
  if (kept === undefined)
    return refused <= LEAST_RATE ? undefined : Math.max(refused / FACTOR, LEAST_RATE)
  if (refused / kept <= precision) return undefined
  return rounded(Math.sqrt(kept * refused))
}

/** Three digits: rates that people can say, and that are still apart from each other. */
function rounded(rate: number): number {
  return Number(rate.toPrecision(3))
}
