import { parseArgs } from 'node:util'
import { withOwnStack } from '../own-stack.ts'
import type { Claim, Verdict } from './claim.ts'
import { keys } from './keys.ts'
import { position } from './position.ts'

const claims: readonly Claim[] = [keys, position]

const usage = `npm run prove -- <claim> [--break=<guard>]

Provokes what could refute the claim, on an instance that is started for it and gone at the end.

${claims.map(describe).join('\n')}

  --help    this text

Exit code: 0 it holds; 1 refuted, with the anomaly named; 2 undecided, or what it needs is not there.`

process.exitCode = await main(process.argv.slice(2))

async function main(parameters: string[]): Promise<number> {
  const wish = readWish(parameters)
  if (wish === 'help') {
    console.log(usage)
    return 0
  }
  if (wish === undefined) return 2
  const { claim, broken } = wish
  try {
    say(`starting an instance for "${claim.name}"`)
    const verdict = await withOwnStack(claim.only, (stack) => claim.prove(stack, broken, say))
    for (const line of verdict.lines) console.log(line)
    console.log(sentence(claim, broken, verdict))
    return { holds: 0, refuted: 1, undecided: 2 }[verdict.kind]
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error))
    return 2
  }
}

type Wish = { readonly claim: Claim; readonly broken: string | undefined }

function readWish(parameters: string[]): Wish | 'help' | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: parameters,
      allowPositionals: true,
      options: { break: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    })
    if (values.help) return 'help'
    const name = positionals.join(' ')
    const claim = claims.find((one) => one.name === name)
    if (claim === undefined) throw new Error(name === '' ? 'which claim?' : `no claim "${name}"`)
    const broken = values.break
    if (broken !== undefined && !Object.hasOwn(claim.breaks, broken)) {
      throw new Error(`${claim.name} has no guard "${broken}" to switch off`)
    }
    return { claim, broken }
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
    return undefined
  }
}

function describe({ name, says, breaks }: Claim): string {
  const lines = Object.entries(breaks).map(([guard, what]) => `      --break=${guard}  ${what}`)
  return [`  ${name}: ${says}`, ...lines].join('\n')
}

function sentence({ name }: Claim, broken: string | undefined, { kind }: Verdict): string {
  const mode = broken === undefined ? '' : ` with --break=${broken}`
  return `${name}${mode}: ${kind}`
}

function say(line: string): void {
  console.error(`  ${line}`)
}
