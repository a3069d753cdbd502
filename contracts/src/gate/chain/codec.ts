import { avroType } from '@tenseams/codec/avro-long'
import { protobufWire } from '@tenseams/codec/protobuf-wire'
import { samplesOf } from '../../generate/samples.ts'
import type { ContractSchema } from '../../schemas.ts'

/** How our codec writes and reads values of a version, without a registry. */
type Wire = {
  readonly toBuffer: (value: unknown) => Buffer
  readonly fromBuffer: (bytes: Buffer) => unknown
}

/**
 * Values of a version as our codec reads them after it wrote them: one for each branch, and one without.
 *
 * @throws Error when a value of the contract cannot be written or read.
 */
export function decodedSamples(contract: ContractSchema): readonly unknown[] {
  const wire = wireOf(contract)
  return samplesOf(contract.schema).map(({ value }) => wire.fromBuffer(wire.toBuffer(value)))
}

/**
 * Writes the rows that `services/pulse` writes into every topic with control rows.
 *
 * @throws Error when the contract has no place for them.
 */
export function assertControlRows(contract: ContractSchema): void {
  const wire = wireOf(contract)
  for (const type of ['tick', 'barrier']) {
    const row = { eventId: '', streamId: '', version: 1n, type, occurredAt: 0, traceparent: null }
    wire.toBuffer(row)
  }
}

function wireOf({ format, text }: ContractSchema): Wire {
  return format === 'avro' ? avroType(text) : protobufWire(text)
}
