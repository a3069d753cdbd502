import { test } from 'vitest'
import { withOwnStack } from '../../../support/own-stack.ts'

/** Its own stack runs by the end of its time, or is about to: either must be gone after the file. */
test(
  'hangs on a stack of its own',
  () => withOwnStack(['postgres'], () => new Promise(() => undefined)),
  10_000,
)
