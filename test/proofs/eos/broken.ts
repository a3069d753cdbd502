import type { StackSettings } from '@tenseams/local/launcher/plan/part'
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
  /** The service that is started without the guard, and the file from which it is. */
  readonly faulty?: Readonly<Record<string, string>>
  /** How the service is started when the guard is on and is to be seen alone. */
  readonly control?: Readonly<Record<string, string>>
  readonly provoke: Provocation
}

const faultsOf = (service: string, variant: string): Readonly<Record<string, string>> => ({
  [service]: `test/faults/${service}/${variant}.ts`,
})

/** Each guard: what it means to be without it, and what it is there for. */
const modes: Readonly<Record<string, Mode>> = {
  'no-idempotency-key': {
    says: 'the payment provider takes a repeated key for a new one',
    provoke: loseCaptures,
  },
  'auto-commit': {
    says: 'payments commits offsets before their effect',
    faulty: faultsOf('payments', 'auto-commit'),
    provoke: killInsideTheEffect,
  },
  'read-uncommitted': {
    says: 'the lakehouse reads records of aborted transactions',
    faulty: faultsOf('lakehouse', 'read-uncommitted'),
    provoke: abortCopies,
  },
  'no-transaction': {
    says: 'fulfilment sends its output outside of the transaction that has the offsets',
    faulty: faultsOf('fulfilment', 'no-transaction'),
    provoke: killBehindTheOutput,
  },
  'shared-transactional-id': {
    says: 'a transactional id of fulfilment belongs to its process, so a new owner fences nobody',
    faulty: faultsOf('fulfilment', 'shared-transactional-id'),
    provoke: goOnAfterTakeover,
  },
  'no-fence-reread': {
    says: 'fulfilment reads committed offsets before the old owner is fenced, not after',
    faulty: faultsOf('fulfilment', 'no-fence-reread'),
    provoke: commitDuringTakeover,
  },
  'no-inbox': {
    says: 'orders keeps no inbox of shipments, nor knows them by its state or by derived ids',
    faulty: faultsOf('orders', 'no-inbox'),
    control: faultsOf('orders', 'inbox-alone'),
    provoke: killBeforeTheOffset,
  },
  'dedupe-by-offset': {
    says: 'orders knows a shipment by its offset, not by its event id, its state or derived ids',
    faulty: faultsOf('orders', 'dedupe-by-offset'),
    control: faultsOf('orders', 'inbox-alone'),
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

/** The file from which a service is started: without a guard, or with that guard alone. */
export function entryFiles(guard: string, isOn: boolean): StackSettings['entryFiles'] {
  const { faulty, control } = modes[guard] ?? {}
  return isOn ? control : faulty
}

/**
 * Repeats the provocation of the guard that is off until the auditor finds an anomaly. When it never does, the claim seems
 * to hold without the guard: then the proof itself is wrong.
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
  return { kind: 'holds', lines: [`${ROUNDS} provocations, and no anomaly was found`] }
}

/** The same provocation with the guard on, or that of each guard in turn: it must cause no anomaly. */
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
    lines.push(`with its guard on, the provocation of ${guard} caused no anomaly`)
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

/** On a busy machine an audit may have no verdict; the next one continues where it stopped. */
async function auditUntilDecided(stack: Stack) {
  for (let audit = 1; ; audit += 1) {
    const report = await auditNow(stack)
    if (isRefuted(report) || !hasNoVerdict(report) || audit === AUDITS) return report
  }
}
