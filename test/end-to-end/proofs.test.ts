import { expect, test } from 'vitest'
import { type Outcome, runProgram } from '../runner/program.ts'

/**
 * Each of them starts an instance of its own, as a reader would by `npm run prove`; with a guard switched off it must be
 * refuted, with the anomaly named. Seven faults meet each part once. What takes longer is in `npm run test:full`: twenty
 * faults, the modes that wait for a takeover, and every provocation with its guard on.
 */
test.each([
  { claim: 'keys', code: 0, says: 'keys: holds' },
  { claim: 'keys --break=random-key', code: 1, says: 'BROKEN   I7 an order is in one partition' },
  { claim: 'keys --break=customer-key', code: 1, says: 'BROKEN   I6 versions are contiguous' },
  { claim: 'position', code: 0, says: 'position: holds' },
  { claim: 'position --break=naive-position', code: 1, says: 'BROKEN   skipped forever' },
  { claim: 'eos --kills 7 --seed 7', code: 0, says: "of Kafka's clients, 0 anomalies" },
  { claim: 'eos --break=no-idempotency-key', code: 1, says: 'BROKEN       I3.capture' },
  { claim: 'eos --break=auto-commit', code: 1, says: 'BROKEN       I14: payments' },
  { claim: 'eos --break=read-uncommitted', code: 1, says: 'BROKEN       I2' },
  { claim: 'eos --break=no-transaction', code: 1, says: 'BROKEN       I3.shipment' },
  { claim: 'eos --break=no-inbox', code: 1, says: 'BROKEN       I3:' },
  { claim: 'eos --break=dedupe-by-offset', code: 1, says: 'BROKEN       I3:' },
  { claim: 'late --seed 3', code: 0, says: 'late: holds' },
  { claim: 'lake --kills 11 --records 20000', code: 0, says: 'lake: holds' },
  { claim: 'lake --break=stale-base', code: 1, says: 'BROKEN   I16 doubled' },
  { claim: 'medallion --kills 2', code: 0, says: 'medallion: holds' },
])(
  'npm run prove -- $claim ends with $code',
  async ({ claim, code, says }) => {
    const outcome = await verdictOf(claim.split(' '))
    const end = outcome.output.slice(-4_000)
    expect(outcome.output.includes(says), `"${says}" in the output, which ends with:\n${end}`).toBe(
      true,
    )
    expect(outcome.reason).toBe(code === 0 ? '' : `exit code ${code}`)
  },
  1_800_000,
)

/** What came to no verdict (a wait was over on a machine that was busy) is provoked once more; a verdict stands. */
async function verdictOf(parameters: readonly string[]): Promise<Outcome> {
  const prove = () => runProgram({ file: 'test/proofs/main.ts', parameters, timeoutMs: 880_000 })
  const first = await prove()
  if (first.reason !== 'exit code 2') return first
  console.warn(`no verdict, once more:\n${first.output.slice(-4_000)}`)
  return prove()
}
