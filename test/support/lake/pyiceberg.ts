import { join } from 'node:path'
import { rootFolder } from '../../runner/program.ts'
import { installPython, runAndRead } from '../python.ts'

const RUN_TIMEOUT_MS = 180_000

const tool = { name: 'pyiceberg', requirements: 'test/support/lake/requirements.txt' }

/** A quarter of an hour on a slow machine, the first time: a test file does it before its tests. */
export const installPyiceberg = () => installPython(tool)

/** The steps of `tables.py`; its functions document them. */
export type Step = { readonly do: string; readonly table: string } & Readonly<
  Record<string, unknown>
>

/**
 * Runs steps, as whom this process has logged in, with pyiceberg: an implementation of Iceberg that shares no code with ours.
 *
 * @returns the result of each step.
 * @throws Error with the end of Python's output; steps before the failed one have happened.
 */
export async function pyiceberg(
  catalogUrl: string,
  steps: readonly Step[],
): Promise<readonly unknown[]> {
  const programs = await installPyiceberg()
  const program = join(rootFolder, 'test', 'support', 'lake', 'tables.py')
  const answer = await runAndRead(join(programs, 'python'), [program], {
    timeoutMs: RUN_TIMEOUT_MS,
    input: JSON.stringify({ catalogUrl, steps }),
  })
  return JSON.parse(answer) as readonly unknown[]
}
