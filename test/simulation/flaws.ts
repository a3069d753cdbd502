import type { OffsetCommit } from '@tenseams/kafka/consume'
import type { TakeOver } from '@tenseams/kafka/ownership'
import type { Kafka } from 'kafkajs'
import { commitOnReceipt } from '../faults/kafka/commit-on-receipt.ts'
import type { CatalogPort } from './catalogue.ts'
import { commitAgainUnseen, commitOffsetsBeside, commitOnNewerParent } from './flaws-of-lake.ts'
import {
  offsetsApart,
  producerKept,
  sharedTransactionalId,
  withoutFenceReread,
  withoutTransaction,
} from './flaws-of-loop.ts'
import type { ClientFlaws } from './kafka-client.ts'
import type { Environment } from './kafka-producer.ts'

export type TakeOverSettings = {
  readonly kafka: Kafka
  readonly environment: Environment
  readonly transactionTimeoutMs: number
  /** One start of one process. */
  readonly incarnation: string
}

/** What a broken mode changes, each at a port of the code under test. */
export type Flaws = {
  readonly client?: ClientFlaws
  readonly takeOver?: (settings: TakeOverSettings) => TakeOver
  readonly commitOffset?: OffsetCommit
  readonly inbox?: 'none' | 'apart' | 'by-offset'
  readonly catalog?: (catalog: CatalogPort) => CatalogPort
}

export type BrokenMode = { readonly says: string; readonly flaws: Flaws }

/** One mistake each, of the kind that a review might let pass. */
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
    says: 'loop: the producer goes on after an error of its transaction',
    flaws: { takeOver: producerKept },
  },
  'offsets-apart': {
    says: 'loop: offsets are committed after the transaction, not in it',
    flaws: { takeOver: offsetsApart },
  },
  'no-transaction': {
    says: 'loop: idempotent sends, then offsets',
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
  'kafkajs-unmended': {
    says: 'inbox and lake: kafkajs’s own filter of aborted records, without markAborted',
    flaws: { client: { isUnmended: true } },
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
    says: 'inbox: repeats are known by topic, partition and offset, not by event id',
    flaws: { inbox: 'by-offset' },
  },
  'newer-parent': {
    says: 'lake: the parent is read again before the commit, the offsets are not',
    flaws: { catalog: commitOnNewerParent },
  },
  'unknown-as-failed': {
    says: 'lake: after an unknown outcome the rows are committed again without a look',
    flaws: { catalog: commitAgainUnseen },
  },
  'offsets-beside': {
    says: 'lake: rows are one commit, their offsets the next',
    flaws: { catalog: commitOffsetsBeside },
  },
}
