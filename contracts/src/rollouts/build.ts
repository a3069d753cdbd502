import type { ContractFormat } from '@tenseams/codec/contract-text'

/** What happened, whatever contract tells of it. The id is its own, the key orders it. */
export type DanceEvent = {
  readonly id: string
  readonly key: string
  /** 1, 2, 3 … within the key. */
  readonly version: bigint
  readonly [fact: string]: string | bigint | null
}

/** The code of one team at one time: the contract that it was built with, and how it goes between it and events. */
export type Build = {
  readonly contract: { readonly text: string; readonly format: ContractFormat }
  readonly write: (event: DanceEvent) => object
  /** The facts that it understands; undefined for what it passes over. */
  readonly read: (value: Value) => DanceEvent | undefined
}

export type Value = Readonly<Record<string, unknown>>

/** Whether everything that a reader understood of an event is what was written. It need not know every fact. */
export function isSame(understood: DanceEvent, written: DanceEvent): boolean {
  return Object.entries(understood).every(([fact, value]) => value === (written[fact] ?? null))
}

/** So many are written at a time. */
export const EVENTS = 4

/** The next events of two keys, by turns, with ids that no two of them share. @param turn from 0. */
export function eventsFrom(
  turn: number,
  facts: (index: number) => Readonly<Record<string, string | bigint | null>>,
): readonly DanceEvent[] {
  return Array.from({ length: EVENTS }, (_, place) => {
    const index = turn * EVENTS + place
    const key = place % 2 === 0 ? 'order-a' : 'order-b'
    const version = BigInt(Math.floor(index / 2) + 1)
    return { id: `event-${index}`, key, version, ...facts(index) }
  })
}

/** The text of a flat Avro contract with the fields that every event has. */
export function avroText(name: string, fields: readonly object[]): string {
  return JSON.stringify({
    type: 'record',
    name,
    namespace: 'tenseams.dance',
    fields: [
      { name: 'eventId', type: 'string' },
      { name: 'streamId', type: 'string' },
      { name: 'version', type: 'long' },
      ...fields,
    ],
  })
}

/** What every value has, as an event has it. */
export function headOf({ eventId, streamId, version }: Value) {
  return { id: String(eventId), key: String(streamId), version: BigInt(String(version)) }
}

/** The other way. */
export function envelopeOf({ id, key, version }: DanceEvent) {
  return { eventId: id, streamId: key, version }
}
