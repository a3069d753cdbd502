import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { readArguments, refuseMore } from '@tenseams/cli/arguments'
import { type ExitCode, exitCodes } from '@tenseams/cli/exit-codes'
import { projectRoot } from '@tenseams/cli/instance'
import { complain, say } from '@tenseams/cli/output'
import { runVerb } from '@tenseams/cli/run-verb'
import { chooseJava, findJdks } from '../launcher/host/java.ts'
import { pathsOf } from '../launcher/host/paths.ts'
import { partsOf } from './bill.ts'
import { refusedLicence } from './licences.ts'
import { makeBills } from './make-bills.ts'
import { vulnerableIn } from './vulnerable.ts'

const help = `npm run bom

  Makes a bill of materials, in the JSON of CycloneDX, of npm's packages and of each component of
  deploy/local/jvm/pom.xml, into .bom. Then it looks at every part: is its licence on the list of those that
  are allowed, and is its version one that is known to be vulnerable? docs/supply-chain.md

Exit codes: 0 every licence is allowed, and no version is refused; 1 one is not; 2 the bills could not be made.
`

async function bom(args: readonly string[]): Promise<ExitCode> {
  refuseMore(readArguments(args, {}).positionals)
  const files = await makeBills({
    paths: pathsOf(projectRoot, 'default'),
    folder: join(projectRoot, '.bom'),
    jdk: chooseJava(findJdks()).main,
    onProgress: (line) => complain(`bill of ${line} …`),
  })
  const found = files.map(judge)
  return found.every(({ isWell }) => isWell) ? exitCodes.holds : exitCodes.refuted
}

/** Tells what is wrong with the parts of a bill, and what is known and stays. */
function judge(file: string): { readonly isWell: boolean } {
  const parts = partsOf(readFileSync(file, 'utf8'))
  const licences = parts.flatMap((part) => {
    const reason = refusedLicence(part)
    return reason === undefined ? [] : [`  ${part.name} ${part.version}: its licence: ${reason}`]
  })
  const vulnerable = vulnerableIn(parts)
  const refused = vulnerable.filter(({ stays }) => stays === undefined)
  say(`${relative(projectRoot, file)}: ${parts.length} parts`)
  for (const line of licences) say(line)
  for (const { part, what, stays } of vulnerable) {
    say(`  ${part.name} ${part.version}: ${what}${stays === undefined ? '' : ` (stays: ${stays})`}`)
  }
  return { isWell: licences.length + refused.length === 0 }
}

await runVerb(bom, help)
