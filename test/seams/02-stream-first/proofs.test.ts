import { test } from 'vitest'
import { expectVerdict, proofTimeoutMs, type ShortProof } from '../../support/proof.ts'

/** The proof of the keys and of the wrong ones is in `npm run test:full`. */
const proofs: readonly ShortProof[] = [
  { claim: 'position', code: 0, says: 'position: holds' },
  { claim: 'position --break=naive-position', code: 1, says: 'BROKEN   skipped forever' },
]

test.each(proofs)(
  'npm run prove -- $claim ends with $code',
  (proof) => expectVerdict(proof),
  proofTimeoutMs,
)
