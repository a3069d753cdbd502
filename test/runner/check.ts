import { parseArgs } from 'node:util'
import { runChecks, staticChecks, tidyCheck } from './checks.ts'

const usage = `npm run check

Looks at the files as they are and writes nothing: format and lint, types, unused code and
dependencies, freshness of generated files, the contracts against those that others rely on, and
the rules of the house (test/tidy).

Exit code: 0 all hold, 1 one doesn't, 2 unknown option.
To mend format and order of imports: npx biome check --write .`

process.exitCode = await main(process.argv.slice(2))

async function main(parameters: string[]): Promise<number> {
  try {
    const { values } = parseArgs({ args: parameters, options: { help: { type: 'boolean' } } })
    if (values.help) {
      console.log(usage)
      return 0
    }
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
    return 2
  }
  const { passed, failed } = await runChecks([...staticChecks, tidyCheck])
  console.log(`${passed} passed, ${failed} failed`)
  return failed === 0 ? 0 : 1
}
