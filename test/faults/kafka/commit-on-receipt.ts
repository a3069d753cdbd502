import type { OffsetCommit } from '@tenseams/kafka/consume'

/** Commits a record's offset before its effect, as auto-commit may do: a crash in between skips the record. */
export const commitOnReceipt: OffsetCommit = async ({ handle, commit }) => {
  await commit()
  return handle()
}
