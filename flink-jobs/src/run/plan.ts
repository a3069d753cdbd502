import { JobError } from '../errors.ts'
import { type Gateway, type GatewaySession, openSession } from '../flink/gateway.ts'
import type { Job } from '../script/job.ts'
import type { Script } from '../script/script.ts'
import { executeAt } from './run-script.ts'

/** One operator of a plan. */
export type Operator = {
  /** Its distance from the sink. */
  readonly depth: number
  /** Such as WindowAggregate. */
  readonly name: string
  /** The whole line of the plan. */
  readonly text: string
  readonly keepsState: boolean
}

/** Operators that keep state; the offsets of sources and the transactions of sinks are not meant. */
const stateful =
  /^(?:\w*OverAggregate|\w*WindowAggregate|\w*GroupAggregate|WindowRank|WindowDeduplicate|WindowJoin|IntervalJoin|TemporalJoin|Join|Rank|Deduplicate|ChangelogNormalize|SinkMaterializer)$/

/**
 * Lets Flink compile a job's script and returns the operators of its plan, sinks first. No job is started, but missing
 * gold tables are created.
 *
 * @throws FlinkRefusedError with file, line and Flink's message; FlinkUnavailableError.
 */
export async function planOf(
  job: Job,
  { settings, tables, statements }: Script,
  gateway: Gateway,
): Promise<readonly Operator[]> {
  const session: GatewaySession = await openSession(gateway, settings)
  try {
    for (const sql of tables) await session.execute(sql)
    const plans: string[] = []
    for (const statement of statements) {
      const isSet = /^EXECUTE\s+STATEMENT\s+SET\b/i.test(statement.sql)
      const sql = isSet ? statement.sql.replace(/^EXECUTE/i, 'EXPLAIN') : statement.sql
      const { rows } = await executeAt(session, job, { ...statement, sql })
      if (isSet) plans.push(rows.flat().map(String).join('\n'))
    }
    return plans.flatMap(operatorsOf)
  } finally {
    await session.close()
  }
}

const heading = '== Optimized Execution Plan =='

/** @throws JobError when the text has no execution plan. */
export function operatorsOf(explained: string): readonly Operator[] {
  const begin = explained.indexOf(heading)
  if (begin < 0) throw new JobError('the explanation of a statement has no execution plan')
  const [plan = ''] = explained.slice(begin + heading.length).split(/\n== /)
  return plan.split('\n').flatMap((line) => {
    const found = /^([\s:+-]*)((\w+)\(.*|\w+.*)$/.exec(line)
    if (found === null) return []
    const [, indent = '', text = '', call] = found
    const name = call ?? text
    return [{ depth: indent.length / 3, name, text, keepsState: stateful.test(name) }]
  })
}

/**
 * Why the state of one plan cannot be restored by another; empty when it can. Flink identifies an operator's state by the
 * operators before it, so both plans must have the same operators in the same order, and those that keep state must be
 * equal. What stateless operators compute may change.
 */
export function incompatibilities(
  before: readonly Operator[],
  after: readonly Operator[],
): readonly string[] {
  const shapeOf = (operators: readonly Operator[]) =>
    operators.map(({ depth, name }) => `${'  '.repeat(depth)}${name}`)
  const [was, is] = [shapeOf(before), shapeOf(after)]
  const at = Array.from({ length: Math.max(was.length, is.length) }).findIndex(
    (_, index) => was[index] !== is[index],
  )
  if (at >= 0) {
    const nothing = 'nothing'
    return [`operator ${at + 1} was ${was[at]?.trim() ?? nothing}, is ${is[at]?.trim() ?? nothing}`]
  }
  return before.flatMap(({ keepsState, text }, index) => {
    const next = after[index]?.text
    return keepsState && text !== next ? [`its state was ${text}, is ${next}`] : []
  })
}
