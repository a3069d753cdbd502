import type { ContractFormat } from '@tenseams/codec/contract-text'

/** An event, whatever contract describes it. Its id is unique; events of one key are ordered. */
export type RolloutEvent = {
  readonly id: string
  readonly key: string
  /** 1, 2, 3 … within the key. */
  readonly version: bigint
  readonly [fact: string]: string | bigint | null
}

export type Facts = Readonly<Record<string, string | bigint | null>>

/** One build of a producer or consumer: the contract it was built with, and how it maps events to values and back. */
export type Build = {
  readonly contract: { readonly text: string; readonly format: ContractFormat }
  readonly write: (event: RolloutEvent) => object
  /** The facts that this build understands; undefined for an event type that it does not know. */
  readonly read: (value: Value) => RolloutEvent | undefined
}

export type Value = Readonly<Record<string, unknown>>

/** True when every fact that a reader understood is the one that was written. A reader need not know every fact. */
export function isSame(understood: RolloutEvent, written: RolloutEvent): boolean {
  return Object.entries(understood).every(([fact, value]) => value === (written[fact] ?? null))
}

/** Events in each batch. */
export const EVENTS = 4

/** One batch of events, alternating between two keys, with unique ids. @param batch from 0. */
export function eventsFrom(
  batch: number,
  facts: (index: number) => Facts,
): readonly RolloutEvent[] {
  return Array.from({ length: EVENTS }, (_, offset) => {
    const index = batch * EVENTS + offset
    const key = offset % 2 === 0 ? 'order-a' : 'order-b'
    const version = BigInt(Math.floor(index / 2) + 1)
    return { id: `event-${index}`, key, version, ...facts(index) }
  })
}

/** A flat Avro contract with the fields that every event has, and these. */
export function avroText(name: string, fields: readonly object[]): string {
  return JSON.stringify({
    type: 'record',
    name,
    namespace: 'tenseams.rollout',
    fields: [
      { name: 'eventId', type: 'string' },
      { name: 'streamId', type: 'string' },
      { name: 'version', type: 'long' },
      ...fields,
    ],
  })
}

/** The fields that every value has, as an event. The reverse of `envelopeOf`. */
export function headOf({ eventId, streamId, version }: Value) {
  return { id: String(eventId), key: String(streamId), version: BigInt(String(version)) }
}

/** The fields that every event has, as a value. The reverse of `headOf`. */
export function envelopeOf({ id, key, version }: RolloutEvent) {
  return { eventId: id, streamId: key, version }
}
