import type { Stack } from '@tenseams/local/launcher/supervise/stack'
import type pg from 'pg'
import type { Verdict } from '../claim.ts'
import { auditNow, hasNoVerdict, isRefuted, linesOf } from './audit.ts'
import type { Journal } from './journal.ts'
import {
  commitDuringTakeover,
  goOnAfterTakeover,
  killBehindTheOutput,
} from './provocations/fulfilment.ts'
import { abortCopies } from './provocations/lake.ts'
import { killBeforeTheOffset } from './provocations/orders.ts'
import { republish } from './provocations/outbox.ts'
import { killInsideTheEffect } from './provocations/payments.ts'
import { loseCaptures } from './provocations/provider.ts'
import { type Provocation, type Scene, someCompleted } from './provocations/scene.ts'

type Mode = {
  readonly says: string
  /** The service that is started without the guard. */
  readonly part?: string
  /** How the service is started where the guard is on and is to be seen alone. */
  readonly control?: string
  readonly provoke: Provocation
}

/** A guard each: what it is to be without it, and what it is there for. */
const modes: Readonly<Record<string, Mode>> = {
  'no-idempotency-key': {
    says: 'the payment provider takes a repeated key for a new one',
    provoke: loseCaptures,
  },
  'auto-commit': {
    says: 'payments commits offsets before their effect',
    part: 'payments',
    provoke: killInsideTheEffect,
  },
  'read-uncommitted': {
    says: 'the lakehouse reads records of aborted transactions',
    part: 'lakehouse',
    provoke: abortCopies,
  },
  'no-transaction': {
    says: 'fulfilment sends its output outside of the transaction that has the offsets',
    part: 'fulfilment',
    provoke: killBehindTheOutput,
  },
  'shared-transactional-id': {
    says: 'a transactional id of fulfilment is its process’s, so a new owner fences nobody',
    part: 'fulfilment',
    provoke: goOnAfterTakeover,
  },
  'no-fence-reread': {
    says: 'fulfilment reads committed offsets before the old owner is fenced, not after',
    part: 'fulfilment',
    provoke: commitDuringTakeover,
  },
  'no-inbox': {
    says: 'orders keeps no inbox of shipments, nor knows them by its state or by derived ids',
    part: 'orders',
    control: 'inbox-alone',
    provoke: killBeforeTheOffset,
  },
  'dedupe-by-offset': {
    says: 'orders knows a shipment by its offset, not by its event id, its state or derived ids',
    part: 'orders',
    control: 'inbox-alone',
    provoke: republish,
  },
}

const ROUNDS = 10
const AUDITS = 5
const guards = Object.keys(modes)

export const breaks: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(modes).map(([guard, { says }]) => [guard, says]),
)

export const provokes: readonly string[] = ['all', ...guards]

/** The service that is not started as it is shipped, and how: without a guard, or with that one alone. */
export function unusualPart(
  guard: string,
  isOn: boolean,
): { readonly part: string; readonly guard: string } | undefined {
  const { part, control } = modes[guard] ?? {}
  const way = isOn ? control : guard
  return part === undefined || way === undefined ? undefined : { part, guard: way }
}

/**
 * The provocation that the missing guard cannot take, again and again until the auditor has found what it leads to. When it
 * never does, the claim seems to hold without the guard: then the proof itself is at fault.
 */
export async function untilFound(
  stack: Stack,
  shop: pg.Pool,
  journal: Journal,
  broken: string,
): Promise<Verdict> {
  const scene = { stack, shop, journal, guarded: false }
  await someCompleted(shop)
  for (let round = 1; round <= ROUNDS; round += 1) {
    const report = await provokeAndAudit(scene, broken)
    if (isRefuted(report)) return { kind: 'refuted', lines: linesOf(report) }
  }
  return { kind: 'holds', lines: [`${ROUNDS} provocations, and nothing was found`] }
}

/** The very same provocation with the guard on, or that of each guard, one after another: nothing may come of it. */
export async function withGuard(
  stack: Stack,
  shop: pg.Pool,
  journal: Journal,
  provoked: string,
): Promise<Verdict> {
  const scene = { stack, shop, journal, guarded: true }
  await someCompleted(shop)
  const lines: string[] = []
  for (const guard of provoked === 'all' ? guards : [provoked]) {
    const report = await provokeAndAudit(scene, guard)
    if (isRefuted(report)) return { kind: 'refuted', lines: [guard, ...linesOf(report)] }
    if (hasNoVerdict(report)) return { kind: 'undecided', lines: [guard, ...linesOf(report)] }
    lines.push(`with its guard on, the provocation of ${guard} has come to nothing`)
  }
  return { kind: 'holds', lines }
}

async function provokeAndAudit(scene: Scene, guard: string) {
  const { shop, journal, guarded } = scene
  await modes[guard]?.provoke(scene)
  journal.note('provoked', { guard, guarded })
  await someCompleted(shop)
  return auditUntilDecided(scene.stack)
}

/** A busy machine may leave an audit without a verdict; the next one reads on where it stopped. */
async function auditUntilDecided(stack: Stack) {
  for (let audit = 1; ; audit += 1) {
    const report = await auditNow(stack)
    if (isRefuted(report) || !hasNoVerdict(report) || audit === AUDITS) return report
  }
}
