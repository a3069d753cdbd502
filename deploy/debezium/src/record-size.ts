/**
 * How large a record of Connect may be (`max.request.size` of its producers), before compression. A captured row has at most
 * 11 kB by the constraints in shop.sql, a change has it twice, with its before-image, and an event has at most 64 kB, the
 * largest request of orders. The rest is room for columns that somebody adds: beyond it the connector fails, for all of its
 * tables, and goes on only without that change.
 */
export const recordBytes = 4_194_304

/** The broker's `message.max.bytes`: such a record as the only one of its batch, and as a dead letter, with its headers. */
export const batchBytes = 5_242_880
