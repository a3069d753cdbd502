import { test } from 'vitest'
import { expectVerdict, proofTimeoutMs, type ShortProof } from '../../support/proof.ts'

/** The proof of the medallion is in `npm run test:full`. */
const proofs: readonly ShortProof[] = [
  { claim: 'lake --kills 11 --records 20000', code: 0, says: 'lake: holds' },
  { claim: 'lake --break=stale-base', code: 1, says: 'BROKEN   I16 doubled' },
]

test.each(proofs)(
  'npm run prove -- $claim ends with $code',
  (proof) => expectVerdict(proof),
  proofTimeoutMs,
)
