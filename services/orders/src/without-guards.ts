import { randomUUID } from 'node:crypto'
import { v5 as uuidv5 } from 'uuid'
import { orderDecider } from './domain/order.ts'
import type { Identity } from './shipment-consumer.ts'

export const bareGuards = ['inbox-alone', 'no-inbox', 'dedupe-by-offset'] as const

/**
 * Only for proofs. A shipment that comes again meets three guards here, and each is enough: the inbox, the order's
 * state, and the derived id of the event, which can be stored once. To see what the inbox does, the others are off: the
 * state forgets that an order is completed, and events have ids by chance.
 */
export const forgetfulDecider: typeof orderDecider = {
  ...orderDecider,
  evolve: (state, event) =>
    event.type === 'OrderCompleted' ? state : orderDecider.evolve(state, event),
}

/** The inbox as it should be, none, and one that takes the place in the log for the event. */
export const identities: Readonly<Record<(typeof bareGuards)[number], Identity>> = {
  'inbox-alone': ({ eventId }) => ({
    eventIdOf: () => randomUUID(),
    guard: { kind: 'inbox', eventId },
  }),
  'no-inbox': () => ({ eventIdOf: () => randomUUID() }),
  'dedupe-by-offset': ({ streamId }, { topic, partition, offset }) => ({
    eventIdOf: () => randomUUID(),
    guard: { kind: 'inbox', eventId: uuidv5(`${topic}-${partition}-${offset}`, streamId) },
  }),
}
