import { projectRoot } from '@tenseams/local/launcher/host/paths'
import type { StackSettings } from '@tenseams/local/launcher/plan/part'
import { type Stack, startStack } from '@tenseams/local/launcher/supervise/stack'
import { endInstance, freeOffset, instanceOf } from '../runner/instance.ts'

/**
 * Does `work` on an instance of its own, with ports and data of its own, and removes it at the end, also after Ctrl-C:
 * what a user has running is never touched.
 *
 * @param only the parts that are needed; theirs follow.
 */
export async function withOwnStack<Made>(
  only: readonly string[],
  work: (stack: Stack) => Promise<Made>,
  settings: Partial<StackSettings> = {},
): Promise<Made> {
  const instance = instanceOf(process.pid)
  const stopping = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort())
  try {
    const stack = await startStack({
      root: projectRoot,
      instance,
      portOffset: freeOffset(),
      profile: 'full',
      only,
      settings,
      signal: stopping.signal,
    })
    const stopped = new Promise<never>((_, reject) => {
      stopping.signal.addEventListener('abort', () => reject(new Error('stopped before the end')))
    })
    return await Promise.race([work(stack), stopped])
  } finally {
    await endInstance(instance)
  }
}
