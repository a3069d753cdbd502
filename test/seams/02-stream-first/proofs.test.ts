import { test } from 'vitest'
import { expectVerdict, proofTimeoutMs, type ShortProof } from '../../support/proof.ts'

/** The other wrong key is in `npm run test:full`. */
const proofs: readonly ShortProof[] = [
  { claim: 'keys', code: 0, says: 'keys: holds' },
  { claim: 'keys --break=random-key', code: 1, says: 'BROKEN   I7 an order is in one partition' },
  { claim: 'position', code: 0, says: 'position: holds' },
  { claim: 'position --break=naive-position', code: 1, says: 'BROKEN   skipped forever' },
]

test.each(proofs)(
  'npm run prove -- $claim ends with $code',
  (proof) => expectVerdict(proof),
  proofTimeoutMs,
)
