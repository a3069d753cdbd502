import { type Check, type Moment, views } from './checks/check.ts'
import { effectChecks } from './checks/effects.ts'
import { logChecks, notBuilt } from './checks/log.ts'
import { moneyChecks } from './checks/money.ts'
import type { Evidence } from './evidence.ts'
import type { Finding, Source } from './report.ts'

const LONGEST_LIST = 5

/** Which sources could not be read, and why. */
export type Silence = ReadonlyMap<Source, string>

/** Asks the evidence about every invariant, in the order of their numbers. */
export async function judge(
  evidence: Evidence,
  moment: Moment,
  silence: Silence,
): Promise<readonly Finding[]> {
  await evidence.run(views)
  const findings: Finding[] = []
  for (const check of checksAt(moment)) findings.push(await judgeOne(evidence, check, silence))
  for (const { id, says, missing } of notBuilt) {
    findings.push({ ...nothing, id, says, status: 'not checked', detail: missing })
  }
  return findings.sort((one, other) => numberOf(one.id) - numberOf(other.id))
}

export function checksAt(moment: Moment): readonly Check[] {
  return [...logChecks, ...effectChecks(moment), ...moneyChecks(moment)]
}

const nothing = { violations: 0, inFlight: 0, offenders: [] } as const

async function judgeOne(evidence: Evidence, check: Check, silence: Silence): Promise<Finding> {
  const { id, says, needs } = check
  const missing = needs.filter((source) => silence.has(source))
  if (missing.length > 0) {
    const detail = missing.map((source) => `${source}: ${silence.get(source)}`).join('; ')
    return { ...nothing, id, says, status: 'does not run', detail }
  }
  const [counted] = await evidence.query(`select count(*) as n from (${check.offenders})`)
  const violations = Number(counted?.n ?? 0)
  const first = await evidence.query(`select * from (${check.offenders}) limit ${LONGEST_LIST}`)
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
