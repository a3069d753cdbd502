import { type Check, type Moment, views } from './checks/check.ts'
import { effectChecks } from './checks/effects.ts'
import { jobChecks } from './checks/jobs.ts'
import { logChecks } from './checks/log.ts'
import { moneyChecks } from './checks/money.ts'
import { silverChecks, silverViews } from './checks/silver.ts'
import type { Evidence } from './evidence.ts'
import type { Finding, Source } from './report.ts'

const MOST_OFFENDERS = 5

/** The sources that could not be read, and why. */
export type Silence = ReadonlyMap<Source, string>

/** Judges every invariant by the evidence, in the order of their numbers. */
export async function judge(
  evidence: Evidence,
  moment: Moment,
  silence: Silence,
): Promise<readonly Finding[]> {
  await evidence.run(views)
  await evidence.run(silverViews)
  const findings: Finding[] = []
  for (const check of checksAt(moment)) findings.push(await judgeOne(evidence, check, silence))
  return findings.sort((one, other) => numberOf(one.id) - numberOf(other.id))
}

export function checksAt(moment: Moment): readonly Check[] {
  return [
    ...logChecks,
    ...silverChecks,
    ...effectChecks(moment),
    ...moneyChecks(moment),
    ...jobChecks(moment),
  ]
}

const nothing = { violations: 0, inFlight: 0, offenders: [] } as const

async function judgeOne(evidence: Evidence, check: Check, silence: Silence): Promise<Finding> {
  const { id, says, needs } = check
  const missing = needs.filter((source) => silence.has(source))
  if (missing.length > 0) {
    const detail = missing.map((source) => `${source}: ${silence.get(source)}`).join('; ')
    return { ...nothing, id, says, status: 'does not run', detail }
  }
  const first = await evidence.query(`select * from (${check.offenders}) limit ${MOST_OFFENDERS}`)
  const violations =
    first.length < MOST_OFFENDERS
      ? first.length
      : Number(await one(evidence, `select count(*) from (${check.offenders})`))
  const inFlight = check.inFlight === undefined ? 0 : Number(await one(evidence, check.inFlight))
  return {
    ...{ id, says, violations, inFlight },
    status: violations === 0 ? 'ok' : 'violated',
    detail: String(await one(evidence, check.figures)),
    offenders: first.map(({ offender }) => String(offender)),
  }
}

async function one(evidence: Evidence, sql: string): Promise<unknown> {
  const [row] = await evidence.query(sql)
  return row === undefined ? undefined : Object.values(row)[0]
}

const numberOf = (id: string): number => Number(/\d+/.exec(id)?.[0] ?? 0)
