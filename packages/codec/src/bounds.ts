/**
 * What one value may make its decoder do, whatever its bytes announce. The largest value of this repository has a few
 * hundred items, in three levels.
 */
export const bounds = {
  /** Items of all lists and maps together. */
  maxItems: 100_000,
  /** Of these, items that take no byte: 36 bytes may announce any number of them. */
  maxEmptyItems: 1_000,
  /** Records in a value: types may share types, so that few bytes, or none, stand for very many. */
  maxRecords: 200_000,
  /** Lists, maps and records within each other. */
  maxDepth: 64,
} as const

/** The bytes announce more than there is, or more than a value may have. */
export class OutOfBoundsError extends Error {}
