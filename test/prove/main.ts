import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Stack } from '@tenseams/local/stack'
import { withOwnStack } from '../own-stack.ts'
import type { Claim, Verdict } from './claim.ts'
import { proofsFolder } from './eos/journal.ts'
import { eos } from './eos.ts'
import { keys } from './keys.ts'
import { position } from './position.ts'

const claims: readonly Claim[] = [keys, position, eos]

const numberNames = claims.flatMap(({ numbers = {} }) => Object.keys(numbers))

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
  const { claim, broken, numbers } = wish
  try {
    say(`starting an instance for "${claim.name}"`)
    const verdict = await withOwnStack(
      claim.only,
      (stack) => keepingLogs(stack, () => claim.prove(stack, { broken, numbers, say })),
      brokenPart(claim, broken),
    )
    for (const line of verdict.lines) console.log(line)
    console.log(sentence(claim, broken, verdict))
    return { holds: 0, refuted: 1, undecided: 2 }[verdict.kind]
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error))
    return 2
  }
}

/** Without a verdict, the logs are all there is to learn from, and the instance takes its own with it. */
async function keepingLogs(stack: Stack, prove: () => Promise<Verdict>): Promise<Verdict> {
  let verdict: Verdict | undefined
  try {
    verdict = await prove()
    return verdict
  } finally {
    if (verdict === undefined || verdict.kind === 'undecided') {
      const folder = join(proofsFolder, 'logs')
      rmSync(folder, { recursive: true, force: true })
      cpSync(stack.context.places.logs, folder, { recursive: true })
      say(`no verdict; the logs are kept in ${folder}`)
    }
  }
}

type Wish = {
  readonly claim: Claim
  readonly broken: string | undefined
  readonly numbers: Readonly<Record<string, number>>
}

function readWish(parameters: string[]): Wish | 'help' | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: parameters,
      allowPositionals: true,
      options: {
        break: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
        ...Object.fromEntries(numberNames.map((name) => [name, { type: 'string' as const }])),
      },
    })
    if (values.help) return 'help'
    const name = positionals.join(' ')
    const claim = claims.find((one) => one.name === name)
    if (claim === undefined) throw new Error(name === '' ? 'which claim?' : `no claim "${name}"`)
    const broken = values.break
    if (broken !== undefined && !Object.hasOwn(claim.breaks, broken)) {
      throw new Error(`${claim.name} has no guard "${broken}" to switch off`)
    }
    return { claim, broken, numbers: numbersOf(claim, values) }
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
    return undefined
  }
}

function brokenPart({ brokenParts = {} }: Claim, guard: string | undefined) {
  const part = guard === undefined ? undefined : brokenParts[guard]
  return part === undefined || guard === undefined ? {} : { broken: { part, guard } }
}

function numbersOf(
  claim: Claim,
  values: Readonly<Record<string, unknown>>,
): Readonly<Record<string, number>> {
  const { numbers = {} } = claim
  const foreign = numberNames.find((name) => values[name] !== undefined && !(name in numbers))
  if (foreign !== undefined) throw new Error(`${claim.name} has no option --${foreign}`)
  return Object.fromEntries(
    Object.entries(numbers).map(([name, { default: usual, least, most }]) => {
      const number = Number(values[name] ?? usual)
      if (Number.isInteger(number) && number >= least && number <= most) return [name, number]
      throw new Error(`--${name} is a whole number from ${least} to ${most}`)
    }),
  )
}

function describe({ name, says, breaks, numbers = {} }: Claim): string {
  const lines = [
    ...Object.entries(breaks).map(([guard, what]) => `      --break=${guard}  ${what}`),
    ...Object.entries(numbers).map(
      ([option, { default: usual, what }]) => `      --${option}=${usual}  ${what}`,
    ),
  ]
  return [`  ${name}: ${says}`, ...lines].join('\n')
}

function sentence({ name }: Claim, broken: string | undefined, { kind }: Verdict): string {
  const mode = broken === undefined ? '' : ` with --break=${broken}`
  return `${name}${mode}: ${kind}`
}

function say(line: string): void {
  console.error(`  ${line}`)
}
