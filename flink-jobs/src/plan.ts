import { JobError } from './errors.ts'
import type { GatewaySession } from './gateway.ts'
import { openSession } from './gateway.ts'
import type { Job } from './job.ts'
import type { Script } from './script.ts'
import { executeAt } from './submit.ts'

/** One operator of a plan. */
export type Operator = {
  /** How deep it stands below its sink. */
  readonly depth: number
  /** Such as WindowAggregate. */
  readonly name: string
  /** With all that it does. */
  readonly text: string
  readonly keepsState: boolean
}

/** Those whose state is more than a source's offsets and a sink's transactions. */
const stateful =
  /^(?:\w*OverAggregate|\w*WindowAggregate|\w*GroupAggregate|WindowRank|WindowDeduplicate|WindowJoin|IntervalJoin|TemporalJoin|Join|Rank|Deduplicate|ChangelogNormalize|SinkMaterializer)$/

/**
 * Lets Flink compile a job's script and gives the operators of its plan, sinks first. Nothing is started; gold tables that are not
 * there yet are made.
 *
 * @throws FlinkRefusedError with file, line and Flink's message; FlinkUnavailableError.
 */
export async function planOf(
  job: Job,
  { settings, tables, statements }: Script,
  gatewayUrl: string,
): Promise<readonly Operator[]> {
  const session: GatewaySession = await openSession(gatewayUrl, settings)
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
  if (begin < 0) throw new JobError('Flink has explained a statement without its execution plan')
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
 * Why the state of one plan cannot be given to another; nothing when it can. Flink finds an operator's state by what stands
 * before it, so the operators must be the same ones in the same places, and those that keep state must do the same thing;
 * what is computed between them may change.
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
