import { runProgram } from '../../runner/program.ts'
import type { TestStack } from '../../support/stack.ts'

const VERB_MS = 600_000

/** Runs `npm run cdc -- …` on an instance. @throws Error with its output when it fails. */
export async function cdc({ context }: TestStack, ...words: readonly string[]): Promise<void> {
  const { instance } = context.paths
  const { ok, reason, output } = await runProgram({
    file: 'deploy/debezium/src/cdc-command.ts',
    parameters: [...words, '--instance', instance],
    timeoutMs: VERB_MS,
  })
  if (!ok) throw new Error(`npm run cdc -- ${words.join(' ')}: ${reason}\n${output}`)
}
