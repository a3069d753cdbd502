import { readArguments, refuseMore } from '@tenseams/cli/arguments'
import { type ExitCode, exitCodes } from '@tenseams/cli/exit-codes'
import { runVerb } from '@tenseams/cli/run-verb'
import { runChecks, staticChecks, tidyCheck } from './checks.ts'

const usage = `npm run check

Looks at the files as they are and writes nothing: format and lint, types, unused code and
dependencies, freshness of generated files, the contracts against those that others rely on, and
the repository's rules (test/tidy).

Exit codes: 0 all hold, 1 one doesn't, 2 unknown option.
To repair format and order of imports: npx biome check --write .`

async function check(args: readonly string[]): Promise<ExitCode> {
  refuseMore(readArguments(args, {}).positionals)
  const { passed, failed } = await runChecks([...staticChecks, tidyCheck])
  console.log(`${passed} passed, ${failed} failed`)
  return failed === 0 ? exitCodes.holds : exitCodes.refuted
}

await runVerb(check, usage)
