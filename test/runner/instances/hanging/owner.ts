import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { answerForChildren } from '../owners.ts'

/** For `guardian.test.ts` only: starts `guarded.ts` in a process of its own, and answers for it. */
answerForChildren()
spawn(process.execPath, [join(import.meta.dirname, 'guarded.ts')], { stdio: 'inherit' })
