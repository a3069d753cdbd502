import { projectRoot } from '@tenseams/cli/instance'
import type { StackSettings } from '@tenseams/local/launcher/plan/part'
import type { Profile } from '@tenseams/local/launcher/plan/profiles'
import { type Stack, startStack } from '@tenseams/local/launcher/supervise/stack'
import { guard } from '../runner/instances/guardian.ts'
import { endAtOnce, freeOffset, instanceOf } from '../runner/instances/instance.ts'
import { logIn } from './login.ts'

/**
 * Does `work` on an instance of its own, with ports and data of its own, and removes it at the end: also after a signal, and
 * after this process was killed (`guard`). What a user has running is never touched.
 *
 * @param only the parts that are needed; theirs follow.
 */
export async function withOwnStack<Made>(
  only: readonly string[],
  work: (stack: Stack) => Promise<Made>,
  settings: Partial<StackSettings> = {},
  profile: Profile = 'full',
): Promise<Made> {
  const started = { instance: instanceOf(process.pid), portOffset: freeOffset() }
  // What an earlier process of this number may have left.
  endAtOnce(started.instance)
  const unguard = guard(started)
  try {
    const options = { root: projectRoot, ...started, profile, only, settings }
    const stack = await startStack(options)
    logIn(stack.endpoints)
    return await work(stack)
  } finally {
    // Its data go with it, so nothing is gained by stopping it in good order.
    endAtOnce(started.instance)
    unguard()
  }
}
