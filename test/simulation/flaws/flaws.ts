import type { OffsetCommit } from '@tenseams/kafka/consume'
import type { TakeOver } from '@tenseams/kafka/ownership'
import { commitOnReceipt } from '../../faults/kafka/commit-on-receipt.ts'
import type { ClientFlaws } from '../clients/kafka-client.ts'
import type { CatalogPort } from '../servers/catalogue.ts'
import { commitAgainUnseen, commitOffsetsBeside, commitOnNewerParent } from './flaws-of-lake.ts'
import {
  offsetsApart,
  producerKept,
  sharedTransactionalId,
  type TakeOverSettings,
  withoutFenceReread,
  withoutTransaction,
} from './flaws-of-loop.ts'

/** The changes of a broken mode, each at a port of the code under test. */
export type Flaws = {
  readonly client?: ClientFlaws
  readonly takeOver?: (settings: TakeOverSettings) => TakeOver
  readonly commitOffset?: OffsetCommit
  readonly inbox?: 'none' | 'apart' | 'by-offset'
  readonly catalog?: (catalog: CatalogPort) => CatalogPort
}

export type BrokenMode = { readonly says: string; readonly flaws: Flaws }

/** One mistake each, of a kind that a review might miss. */
export const brokenModes: Readonly<Record<string, BrokenMode>> = {
  'shared-transactional-id': {
    says: 'loop: the transactional id is the process’s, so a new owner fences nobody',
    flaws: { takeOver: sharedTransactionalId },
  },
  'no-fence-reread': {
    says: 'loop: committed offsets are read before the old owner is fenced',
    flaws: { takeOver: withoutFenceReread },
  },
  'producer-kept': {
    says: 'loop: the producer is used after an error of its transaction',
    flaws: { takeOver: producerKept },
  },
  'offsets-apart': {
    says: 'loop: offsets are committed after the transaction, not in it',
    flaws: { takeOver: offsetsApart },
  },
  'no-transaction': {
    says: 'loop: idempotent sends without a transaction, then the offsets',
    flaws: { takeOver: withoutTransaction },
  },
  'no-sequence': {
    says: 'loop: a repeated send has no sequence number',
    flaws: { client: { noSequence: true } },
  },
  'read-uncommitted': {
    says: 'inbox and lake: records of open and aborted transactions are read',
    flaws: { client: { readUncommitted: true } },
  },
  'kafkajs-unpatched': {
    says: 'inbox and lake: kafkajs’s own filter of aborted records, without markAborted',
    flaws: { client: { isUnpatched: true } },
  },
  'keys-apart': {
    says: 'inbox: records of one stream have different keys, and are handled side by side',
    flaws: { client: { keysApart: true } },
  },
  'on-receipt': {
    says: 'inbox: the offset is committed before the effect',
    flaws: { commitOffset: commitOnReceipt },
  },
  'no-inbox': {
    says: 'inbox: an effect without an inbox row',
    flaws: { inbox: 'none' },
  },
  'inbox-apart': {
    says: 'inbox: the inbox row is committed before the effect, in a transaction of its own',
    flaws: { inbox: 'apart' },
  },
  'dedupe-by-offset': {
    says: 'inbox: repeats are recognised by topic, partition and offset, not by event id',
    flaws: { inbox: 'by-offset' },
  },
  'newer-parent': {
    says: 'lake: the parent is read again before the commit, the offsets are not',
    flaws: { catalog: commitOnNewerParent },
  },
  'unknown-as-failed': {
    says: 'lake: after an unknown outcome the rows are committed again without checking',
    flaws: { catalog: commitAgainUnseen },
  },
  'offsets-beside': {
    says: 'lake: rows are one commit, their offsets the next',
    flaws: { catalog: commitOffsetsBeside },
  },
}
