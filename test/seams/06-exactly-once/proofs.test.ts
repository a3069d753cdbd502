import { test } from 'vitest'
import { expectVerdict, proofTimeoutMs, type ShortProof } from '../../support/proof.ts'

/**
 * Two faults and one guard. Twenty faults, the other guards, the modes that wait for a takeover, and every provocation with
 * its guard on are in `npm run test:full`.
 */
const proofs: readonly ShortProof[] = [
  { claim: 'eos --kills 2 --seed 7', code: 0, says: "of Kafka's clients, 0 anomalies" },
  { claim: 'eos --break=no-transaction', code: 1, says: 'BROKEN       I3.shipment' },
]

test.each(proofs)(
  'npm run prove -- $claim ends with $code',
  (proof) => expectVerdict(proof),
  proofTimeoutMs,
)
