import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { eventually, WaitTimeoutError } from '@tenseams/local/launcher/host/wait'
import type { Stack } from '@tenseams/local/launcher/supervise/stack'
import type pg from 'pg'
import { adminPool, postOrder } from '../support/shop.ts'
import type { Claim, Proving, Verdict } from './claim.ts'
import { auditNow, hasNoVerdict, isRefuted, linesOf } from './eos/audit.ts'
import { breaks, entryFiles, provokes, untilFound, withGuard } from './eos/broken.ts'
import { diagnosisOf } from './eos/diagnosis.ts'
import { Journal, proofsFolder } from './eos/journal.ts'
import { Load, type Wish } from './eos/load.ts'
import { FulfilmentProcess } from './eos/provocations/fulfilment-process.ts'
import { completed } from './eos/provocations/scene.ts'
import { type Fault, scheduleOf } from './eos/schedule.ts'
import { untilAllEnded } from './eos/settled.ts'
import { Witness } from './eos/witness/witness.ts'

const ORDERS_PER_SECOND = 15
const ASKED_AGAIN = 50
const PROGRESS_TIMEOUT_MS = 120_000

/**
 * Each order is paid, shipped and in the lake exactly once, whatever is killed while it is under way. The provocation: a
 * steady load, and one part after another killed, or stopped and resumed as a zombie. A fault happens only when an order
 * was completed since the last one: a system that completes nothing also loses nothing.
 */
export const eos: Claim = {
  name: 'eos',
  says: 'nothing lost, nothing doubled, money equal, whatever is killed or stopped',
  breaks,
  provokes,
  entryFiles,
  numbers: {
    kills: { default: 20, least: 1, most: 200, what: 'faults' },
    seed: { default: 7, least: 1, most: 1_000_000, what: 'chooses the faults' },
    duration: { default: 0, least: 0, most: 3_600, what: 'seconds of load at least' },
  },
  only: ['connectors', 'orders', 'payments', 'fulfilment', 'pulse', 'lakehouse', 'auditor'],
  prove: async (stack, proving) => {
    const { seed = 7, kills = 20 } = proving.numbers
    const journal = new Journal(`eos-seed-${seed}-kills-${kills}`)
    const shop = adminPool(stack)
    const load = new Load(stack.endpoints.ordersUrl, ORDERS_PER_SECOND)
    try {
      load.start()
      if (proving.broken !== undefined)
        return await untilFound(stack, shop, journal, proving.broken)
      if (proving.provoked !== undefined)
        return await withGuard(stack, shop, journal, proving.provoked)
      return await underFire({ stack, shop, journal, load, proving })
    } catch (error) {
      if (!(error instanceof WaitTimeoutError)) throw error
      const lines = [error.message, ...(await diagnosisOf(stack))]
      for (const line of lines) journal.note('stuck', { line })
      return { kind: 'undecided', lines }
    } finally {
      await load.stop()
      await shop.end()
      proving.say(`journal: ${journal.close()}`)
    }
  },
}

type Run = {
  readonly stack: Stack
  readonly shop: pg.Pool
  readonly journal: Journal
  readonly load: Load
  readonly proving: Proving
}

async function underFire(run: Run): Promise<Verdict> {
  const folder = join(proofsFolder, 'history')
  const witness = await Witness.start({ brokers: run.stack.endpoints.kafkaBrokers, folder })
  try {
    // It takes over when the instance's own is paused for longer than its session, which then comes back as a zombie.
    const second = await FulfilmentProcess.start(run.stack)
    try {
      return await provokeAndJudge(run, witness)
    } finally {
      await second.end('SIGTERM')
    }
  } finally {
    await witness.close()
  }
}

async function provokeAndJudge(run: Run, witness: Witness): Promise<Verdict> {
  const { stack, shop, journal, load, proving } = run
  await provoke({ stack, witness, shop, journal }, proving)
  await load.stop()
  journal.note('healed; waiting for every order to end', { orders: load.wishes.length })
  await untilAllEnded(shop)
  const verdict = joined(await judge(stack, shop, load.wishes), await judgeClients(witness))
  journal.note(verdict.kind, { coveredMs: journal.elapsedMs, ...(await coveredBy(shop)) })
  return verdict
}

type Scene = Pick<Run, 'stack' | 'shop' | 'journal'> & { readonly witness: Witness }

async function provoke(scene: Scene, { numbers, say }: Proving): Promise<void> {
  const { shop, journal } = scene
  const { seed = 7, kills = 20, duration = 0 } = numbers
  const until = performance.now() + duration * 1_000
  for (const [index, fault] of scheduleOf(seed, kills).entries()) {
    await untilProgress(shop, journal)
    await inflict(scene, fault)
    if ((index + 1) % 5 === 0) say(`${index + 1} of ${kills} faults, ${journal.elapsedMs} ms`)
  }
  await untilProgress(shop, journal)
  await delay(Math.max(0, until - performance.now()))
}

async function inflict({ stack, witness, journal }: Scene, fault: Fault): Promise<void> {
  const { target, kind, awayMs } = fault
  const isLoop = witness.loops.some((loop) => loop === target)
  const victim = isLoop ? witness : stack
  journal.note(kind, { target, awayMs })
  if (kind === 'kill') await victim.kill(target)
  else victim.pause(target)
  // The time for which it is away is part of the fault.
  await delay(awayMs)
  if (kind === 'kill') await victim.restart(target)
  else victim.resume(target)
  journal.note('back', { target })
}

/** Waits until one more order is completed. */
async function untilProgress(shop: pg.Pool, journal: Journal): Promise<void> {
  const waiting = { timeoutMs: PROGRESS_TIMEOUT_MS, what: 'an order to be completed' }
  const before = await eventually(() => completed(shop), waiting)
  const isMore = async () => {
    const now = await completed(shop)
    return now > before && now
  }
  journal.note('progress', { completed: await eventually(isMore, waiting) })
}

/** The auditor's verdict at a barrier, and the clients': each answer was true, and a repeated request gets the same one. */
async function judge(stack: Stack, shop: pg.Pool, wishes: readonly Wish[]): Promise<Verdict> {
  const report = await auditNow(stack)
  const complaints = [...(await lostOrders(shop, wishes)), ...(await otherAnswers(stack, wishes))]
  const answered = wishes.filter(({ answer }) => answer !== undefined).length
  const repeated = wishes.filter(({ attempts }) => attempts > 1).length
  const lines = [
    `${wishes.length} orders wanted, ${answered} answered, ${repeated} asked for more than once`,
    ...linesOf(report),
    ...complaints.map((complaint) => `BROKEN       ${complaint}`),
  ]
  if (isRefuted(report) || complaints.length > 0) return { kind: 'refuted', lines }
  return { kind: hasNoVerdict(report) || answered === 0 ? 'undecided' : 'holds', lines }
}

/** The witness's clients: what the broker answered them agrees with what they read. */
async function judgeClients(witness: Witness): Promise<Verdict> {
  const { operations, anomalies, unseen } = await witness.judge()
  const found = [...anomalies, ...unseen]
  const complaints = found.map(({ kind, description }) => `BROKEN       ${kind}: ${description}`)
  const summary = `${operations} operations of Kafka's clients, ${found.length} anomalies`
  return {
    kind: found.length > 0 ? 'refuted' : operations === 0 ? 'undecided' : 'holds',
    lines: [summary, ...complaints],
  }
}

function joined(one: Verdict, other: Verdict): Verdict {
  const kinds = [one.kind, other.kind]
  const kind = (['refuted', 'undecided'] as const).find((each) => kinds.includes(each)) ?? 'holds'
  return { kind, lines: [...one.lines, ...other.lines] }
}

/** The logical time: how far the events reach, by their own clock, and how many decisions were made. */
async function coveredBy(shop: pg.Pool): Promise<Readonly<Record<string, unknown>>> {
  const { rows } = await shop.query<{ events: string; spanMs: string }>(
    `select count(*) as events,
            round(extract(epoch from max(recorded_at) - min(recorded_at)) * 1000) as "spanMs"
       from (select recorded_at from orders.events
             union all select recorded_at from payments.events) as events`,
  )
  return { events: rows[0]?.events, eventTimeMs: rows[0]?.spanMs }
}

async function lostOrders(shop: pg.Pool, wishes: readonly Wish[]): Promise<readonly string[]> {
  const told = wishes.flatMap(({ answer }) => (answer ? [String(answer.orderId)] : []))
  const { rows } = await shop.query<{ id: string }>(
    `select id from unnest($1::text[]) as id
      where not exists (select from orders.events where stream_id = id and version = 1)`,
    [told],
  )
  const doubled = told.length - new Set(told).size
  return [
    ...rows.map(({ id }) => `lost write: order ${id} was acknowledged and is not there`),
    ...(doubled > 0 ? [`${doubled} answers name an order that another key was given`] : []),
  ]
}

async function otherAnswers(stack: Stack, wishes: readonly Wish[]): Promise<readonly string[]> {
  const asked = wishes.filter(({ answer }) => answer !== undefined).slice(-ASKED_AGAIN)
  const complaints: string[] = []
  for (const { key, body, answer } of asked) {
    const again = await postOrder(stack.endpoints.ordersUrl, body, key)
    if (again.body.orderId === answer?.orderId) continue
    complaints.push(
      `key ${key} was answered with ${answer?.orderId}, now with ${again.body.orderId}`,
    )
  }
  return complaints
}
