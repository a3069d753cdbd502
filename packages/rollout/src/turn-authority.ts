import type { Change, ComparisonResult, Side } from './change.ts'
import { otherSide } from './change.ts'

/** What a turn of the authority has measured. */
export type Turned = {
  readonly epoch: number
  readonly position: string
  readonly comparison: ComparisonResult
  /** How long nobody could write. */
  readonly pauseMs: number
}

export type Turning = Pick<Change, 'authority' | 'writers' | 'comparison'>

export type TurnOptions = {
  readonly to: Side
  /** Version of the log at which the turn was decided. */
  readonly term: number
  readonly leaseMs: number
  readonly signal: AbortSignal
}

/**
 * Gives the authority to write to the other side: closes writes, waits until both sides have everything, fences the former writer,
 * compares both sides at that position, and opens the other one. Whenever a step fails, the former side is opened again.
 *
 * A kill between the steps leaves writes closed until the lease has passed; then the former side may write again. Repeating
 * it begins anew, or finds that the authority has turned already. What cannot happen is that both write: `open` and every
 * writing transaction are in one order, and a turn whose lease has passed is refused.
 *
 * @returns undefined when the side had it already.
 * @throws UnequalSidesError when the sides differ.
 */
export async function turnAuthority(
  { authority, writers, comparison }: Turning,
  { to, term, leaseMs, signal }: TurnOptions,
): Promise<Turned | undefined> {
  if (authority === undefined || writers === undefined || comparison === undefined) {
    throw new Error('the change has no authority, writers or comparison to turn')
  }
  const before = await authority.read()
  if (before.holder === to && !before.isClosed) return undefined
  const from = otherSide(to)
  const closedAtMs = performance.now()
  const { holder, epoch } = await authority.close(term, leaseMs, signal)
  if (holder === to) {
    await authority.open(to, epoch)
    return undefined
  }
  try {
    const position = await writers[from].drain(signal)
    await writers[from].fence(epoch, signal)
    const result = await comparison.at(position, signal)
    if (result.mismatched > 0) throw new UnequalSidesError(result, position)
    await authority.open(to, epoch)
    return { epoch, position, comparison: result, pauseMs: performance.now() - closedAtMs }
  } catch (error) {
    await reopen(authority.open(from, epoch), error)
    throw error
  }
}

/** The lease ends the pause if this fails, so the reason of the turn's end is the one to tell. */
async function reopen(opening: Promise<unknown>, cause: unknown): Promise<void> {
  await opening.catch((error: unknown) => {
    throw new AggregateError(
      [cause, error],
      'the turn failed, and writes are closed until the lease ends',
    )
  })
}

/** The sides differ while nobody writes, so waiting changes nothing. */
export class UnequalSidesError extends Error {
  readonly code = 'SIDES_DIFFER'
  readonly retriable = false
  readonly result: ComparisonResult

  constructor(result: ComparisonResult, position: string) {
    const { mismatched, compared, moneyMismatched } = result
    super(
      `at ${position} ${mismatched} of ${compared} differ, ${moneyMismatched} of them in money: look at the samples in \`npm run rollout -- report\``,
    )
    this.result = result
  }
}
