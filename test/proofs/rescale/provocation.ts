import { eventually } from '@tenseams/local/launcher/host/wait'
import type { Stack } from '@tenseams/local/launcher/supervise/stack'
import type { ProvenJob } from '../flink/proven-job.ts'
import type { Written } from './outputs.ts'
import type { Shoppers } from './shoppers.ts'
import { type Kept, keptBy } from './state.ts'

const KILL_ATTEMPTS = 10
const AHEAD_ROWS = 5
const AHEAD_MS = 8_000
const CHECKPOINT_WAIT_MS = 60_000

export type Provoked = {
  readonly kept: readonly Kept[]
  /** Rows that had been written when the TaskManager was killed, and were in no checkpoint. */
  readonly ahead: number
}

type Scene = {
  readonly stack: Stack
  readonly job: ProvenJob
  readonly shoppers: Shoppers
  readonly written: Written
  readonly say: (line: string) => void
}

/** A savepoint and parallelism 2 to 4, back to 2 in place, a SIGKILL of the TaskManager and one of both, all under load. */
export async function provoke(scene: Scene): Promise<Provoked> {
  const { stack, job, shoppers, say } = scene
  const kept: Kept[] = []
  const keep = async (parallelism: number) => {
    await job.checkpointed()
    const found = await keptBy(stack, await job.id(), parallelism)
    found.lines.forEach(say)
    kept.push(found)
  }
  await job.start(2)
  await shoppers.sell(0.4)
  await keep(2)
  say('stopped with a savepoint, restarted with parallelism 4')
  const [savepoint] = await Promise.all([job.stop(), shoppers.sell(0.08)])
  await Promise.all([job.start(4, savepoint), shoppers.sell(0.12)])
  await keep(4)
  say('rescaled in place to 2')
  await Promise.all([job.rescale(2), shoppers.sell(0.08)])
  await shoppers.sell(0.06)
  await keep(2)
  const ahead = await killTaskManager(scene)
  await shoppers.sell(0.05)
  await Promise.all([stack.restart('flink-taskmanager'), shoppers.sell(0.05)])
  await job.checkpointed()
  say('JobManager and TaskManager killed, the job restarted from its newest checkpoint')
  await shoppers.sell(0.04)
  // Both, because with a TaskManager running the restart would also submit our own jobs.
  await Promise.all([stack.kill('flink-taskmanager'), stack.kill('flink-jobmanager')])
  await shoppers.sell(0.04)
  await stack.restart('flink-jobmanager')
  await stack.restart('flink-taskmanager')
  await Promise.all([job.start(2, job.newest()), shoppers.sell(0.04)])
  await shoppers.sell(1)
  await shoppers.finish()
  say('all orders are sent')
  await job.checkpointed()
  return { kept, ahead }
}

/**
 * Kills while rows have been written that are in no checkpoint: a sink without transactions writes them twice.
 *
 * @returns how many such rows there were; 0 when a checkpoint always came first.
 */
async function killTaskManager({ stack, job, shoppers, written, say }: Scene): Promise<number> {
  for (let attempt = 1; attempt <= KILL_ATTEMPTS; attempt += 1) {
    const before = await job.checkpoints()
    const isNext = async () => (await job.checkpoints()) > before
    await eventually(isNext, { timeoutMs: CHECKPOINT_WAIT_MS, what: 'a checkpoint' })
    const checkpoints = await job.checkpoints()
    const rows = written.count()
    await shoppers.sell(0.01)
    const isAhead = () => written.count() >= rows + AHEAD_ROWS
    const moved = await eventually(isAhead, {
      ...{ timeoutMs: AHEAD_MS, intervalMs: 20, what: 'rows ahead of the checkpoint' },
    }).catch(() => false)
    if (!moved || (await job.checkpoints()) > checkpoints) continue
    await stack.kill('flink-taskmanager')
    const ahead = written.count() - rows
    say(`TaskManager killed with ${ahead} written rows that are in no checkpoint`)
    return ahead
  }
  await stack.kill('flink-taskmanager')
  return 0
}
