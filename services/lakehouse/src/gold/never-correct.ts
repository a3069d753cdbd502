import type { AppendPorts } from '@tenseams/iceberg/write/append'
import { type Correction, type Corrections, openCorrections } from './corrections.ts'

/** A wrong way, for the proof that shows what it does: the table of corrections is there, and late money never comes to it. */
export async function neverCorrect(
  ports: AppendPorts,
  { table }: Corrections,
): Promise<Correction> {
  await openCorrections(ports, table)
  return { kind: 'idle' }
}
