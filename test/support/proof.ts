import { expect } from 'vitest'
import { type Outcome, runProgram } from '../runner/program.ts'

/** A proof as it is typed behind `npm run prove --`, and how it must end. */
export type ShortProof = {
  readonly claim: string
  /** 0 when it is to hold, 1 when a guard is off and it is to be refuted. */
  readonly code: 0 | 1
  /** What its output names: the verdict, or the anomaly. */
  readonly says: string
}

/** For a test of a proof: longer than two attempts take. */
export const proofTimeoutMs = 1_800_000

const ATTEMPT_TIMEOUT_MS = 880_000

/** Runs a proof as a reader would, on an instance of its own, and asserts its verdict. */
export async function expectVerdict({ claim, code, says }: ShortProof): Promise<void> {
  const outcome = await verdictOf(claim.split(' '))
  const end = outcome.output.slice(-4_000)
  const isNamed = outcome.output.includes(says)
  expect(isNamed, `"${says}" in the output, which ends with:\n${end}`).toBe(true)
  expect(outcome.reason).toBe(code === 0 ? '' : `exit code ${code}`)
}

/** A run without a verdict (a wait was over on a busy machine) is repeated once; a verdict stands. */
async function verdictOf(parameters: readonly string[]): Promise<Outcome> {
  const prove = () =>
    runProgram({ file: 'test/proofs/main.ts', parameters, timeoutMs: ATTEMPT_TIMEOUT_MS })
  const first = await prove()
  if (first.reason !== 'exit code 2') return first
  console.warn(`no verdict, once more:\n${first.output.slice(-4_000)}`)
  return prove()
}
