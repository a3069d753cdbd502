import { test } from 'vitest'
import { expectVerdict, proofTimeoutMs, type ShortProof } from '../../support/proof.ts'

const proofs: readonly ShortProof[] = [
  { claim: 'lake --kills 11 --records 20000', code: 0, says: 'lake: holds' },
  { claim: 'lake --break=stale-base', code: 1, says: 'BROKEN   I16 doubled' },
  { claim: 'medallion --kills 2', code: 0, says: 'medallion: holds' },
]

test.each(proofs)(
  'npm run prove -- $claim ends with $code',
  (proof) => expectVerdict(proof),
  proofTimeoutMs,
)
