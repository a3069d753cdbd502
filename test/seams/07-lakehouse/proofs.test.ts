import { test } from 'vitest'
import { expectVerdict, proofTimeoutMs, type ShortProof } from '../../support/proof.ts'

/** The proof of the medallion, and that of the lake with twenty kills, are in `npm run test:full`. */
const proofs: readonly ShortProof[] = [
  { claim: 'lake --break=stale-base', code: 1, says: 'BROKEN   I16 doubled' },
]

test.each(proofs)(
  'npm run prove -- $claim ends with $code',
  (proof) => expectVerdict(proof),
  proofTimeoutMs,
)
