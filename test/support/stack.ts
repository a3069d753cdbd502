import { projectRoot } from '@tenseams/cli/instance'
import { openStack, type Stack } from '@tenseams/local/launcher/supervise/stack'
import { inject } from 'vitest'
import { logIn } from './login.ts'

declare module 'vitest' {
  // biome-ignore lint/style/useConsistentTypeDefinitions: only an interface can be added to.
  export interface ProvidedContext {
    /** The instance that `integration-setup.ts` has started, or was given. */
    readonly instance: string
  }
}

export type TestStack = Omit<Stack, 'stop'>

/**
 * The stack that all integration tests share: endpoints, passwords, and the lives of its components (`kill`, `pause`,
 * `resume`, `restart`). A test that ends a component starts it again, also when it fails; `stop()` is not for tests.
 * Others' data are in it, too: a test uses ids of its own and counts only those.
 */
export async function useStack(): Promise<TestStack> {
  const stack = await openStack({ root: projectRoot, instance: inject('instance') })
  logIn(stack.endpoints)
  return stack
}
