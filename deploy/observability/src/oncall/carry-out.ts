import { VerbError } from '@tenseams/cli/errors'
import { type ExitCode, exitCodes } from '@tenseams/cli/exit-codes'
import { explain } from '@tenseams/cli/run-verb'
import type { ActLog } from './act-log.ts'
import type { Plan } from './plan.ts'

export type Carrying = {
  readonly dryRun: boolean
  readonly log: Pick<ActLog, 'write'>
  readonly say: (line: string) => void
}

/**
 * Shows a plan and carries it out: what was found, what will be done, then the line of the audit log, then the steps, one after
 * another. With `dryRun` nothing is done.
 *
 * @returns refuted when the plan must not be carried out.
 * @throws VerbError when the audit log cannot be written, before anything is done; a step's error, after which the rest is not done.
 */
export async function carryOut(plan: Plan, { dryRun, log, say }: Carrying): Promise<ExitCode> {
  for (const line of plan.found) say(line)
  if (plan.refused !== undefined) {
    say(`refused: ${plan.refused}`)
    return exitCodes.refuted
  }
  if (plan.steps.length === 0) {
    say('nothing to do: it is so already')
    return exitCodes.holds
  }
  const says = plan.steps.map((step) => step.says)
  for (const line of says) say(`${dryRun ? 'would' : 'will'} ${line}`)
  if (dryRun) return exitCodes.holds
  begin(log, says)
  await act(plan, log, say)
  return exitCodes.holds
}

function begin(log: Carrying['log'], says: readonly string[]): void {
  try {
    log.write('begun', says)
  } catch (cause) {
    throw new VerbError('nothing was done, since the audit log cannot be written', { cause })
  }
}

async function act(plan: Plan, log: Carrying['log'], say: Carrying['say']): Promise<void> {
  const done: string[] = []
  try {
    for (const step of plan.steps) {
      const result = await step.act()
      done.push(step.says)
      if (result !== undefined) say(result)
    }
  } catch (error) {
    log.write('failed', [...done, explain(error)])
    throw error
  }
  log.write('done', done)
  say('done')
}
