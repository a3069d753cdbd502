import { expect, test } from 'vitest'
import { runProgram } from '../program.ts'

/** Short forms; each starts an instance of its own. The long one is `npm run prove -- eos --kills 20`. */
test.each([
  { claim: 'eos --kills 5 --seed 7', code: 0, says: 'eos: holds' },
  { claim: 'eos --break=no-idempotency-key', code: 1, says: 'BROKEN       I3.capture' },
  { claim: 'eos --break=auto-commit', code: 1, says: 'BROKEN       I14: payments has passed' },
  { claim: 'eos --break=read-uncommitted', code: 1, says: 'BROKEN       I2' },
])(
  'npm run prove -- $claim ends with $code',
  async ({ claim, code, says }) => {
    const parameters = claim.split(' ')
    const outcome = await runProgram({ file: 'test/prove/main.ts', parameters, timeoutMs: 580_000 })
    expect(outcome.output).toContain(says)
    expect(outcome.reason).toBe(code === 0 ? '' : `exit code ${code}`)
  },
  600_000,
)
