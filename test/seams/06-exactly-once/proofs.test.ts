import { test } from 'vitest'
import { expectVerdict, proofTimeoutMs, type ShortProof } from '../../support/proof.ts'

/**
 * One guard. Twenty kills with five seeds, the other guards, and every provocation with its guard on are in `npm run
 * test:full`; kills of every service are in `test/end-to-end/the-whole-way.test.ts`, too.
 */
const proofs: readonly ShortProof[] = [
  { claim: 'eos --break=no-transaction', code: 1, says: 'BROKEN       I3.shipment' },
]

test.each(proofs)(
  'npm run prove -- $claim ends with $code',
  (proof) => expectVerdict(proof),
  proofTimeoutMs,
)
