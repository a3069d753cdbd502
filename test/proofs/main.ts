import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { StackSettings } from '@tenseams/local/launcher/plan/part'
import type { Stack } from '@tenseams/local/launcher/supervise/stack'
import { withOwnStack } from '../support/own-stack.ts'
import { cdc } from './cdc.ts'
import type { Claim, Verdict } from './claim.ts'
import { proofsFolder } from './eos/journal.ts'
import { eos } from './eos.ts'
import { keys } from './keys.ts'
import { lake } from './lake.ts'
import { late } from './late.ts'
import { medallion } from './medallion.ts'
import { position } from './position.ts'
import { rescale } from './rescale.ts'

const claims: readonly Claim[] = [keys, position, eos, late, cdc, lake, medallion, rescale]

const numberNames = claims.flatMap(({ numbers = {} }) => Object.keys(numbers))

const usage = `npm run prove -- <claim> [--break=<guard> | --provoke=<guard>]

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
  const { claim, broken, provoked, numbers } = wish
  try {
    say(`starting an instance for "${claim.name}"`)
    const verdict = await withOwnStack(
      claim.only,
      (stack) => keepingLogs(stack, () => claim.prove(stack, { broken, provoked, numbers, say })),
      settingsOf(wish),
    )
    for (const line of verdict.lines) console.log(line)
    console.log(sentence(wish, verdict))
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
      cpSync(stack.context.paths.logs, folder, { recursive: true })
      say(`no verdict; the logs are kept in ${folder}`)
    }
  }
}

type Wish = {
  readonly claim: Claim
  readonly broken: string | undefined
  readonly provoked: string | undefined
  readonly numbers: Readonly<Record<string, number>>
}

function readWish(parameters: string[]): Wish | 'help' | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: parameters,
      allowPositionals: true,
      options: {
        break: { type: 'string' },
        provoke: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
        ...Object.fromEntries(numberNames.map((name) => [name, { type: 'string' as const }])),
      },
    })
    if (values.help) return 'help'
    const name = positionals.join(' ')
    const claim = claims.find((one) => one.name === name)
    if (claim === undefined) throw new Error(name === '' ? 'which claim?' : `no claim "${name}"`)
    const { break: broken, provoke: provoked } = values
    if (broken !== undefined && !Object.hasOwn(claim.breaks, broken)) {
      throw new Error(`${claim.name} has no guard "${broken}" to switch off`)
    }
    if (provoked !== undefined && !claim.provokes?.includes(provoked)) {
      throw new Error(`${claim.name} has no provocation of a guard "${provoked}"`)
    }
    if (broken !== undefined && provoked !== undefined) throw new Error('a guard is off, or on')
    return { claim, broken, provoked, numbers: numbersOf(claim, values) }
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
    return undefined
  }
}

function settingsOf({ claim, broken, provoked, numbers }: Wish): Partial<StackSettings> {
  const guard = broken ?? provoked
  const unusual = guard === undefined ? undefined : claim.unusualPart?.(guard, broken === undefined)
  const entryFiles =
    guard === undefined ? undefined : claim.entryFiles?.(guard, broken === undefined)
  return {
    ...claim.settings?.(numbers),
    ...(unusual && { broken: unusual }),
    ...(entryFiles && { entryFiles }),
  }
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

function describe({ name, says, breaks, provokes = [], numbers = {} }: Claim): string {
  const provoking = '      --provoke=<guard or all>  what the guard is there for, with the guard on'
  const lines = [
    ...Object.entries(breaks).map(([guard, what]) => `      --break=${guard}  ${what}`),
    ...(provokes.length > 0 ? [provoking] : []),
    ...Object.entries(numbers).map(
      ([option, { default: usual, what }]) => `      --${option}=${usual}  ${what}`,
    ),
  ]
  return [`  ${name}: ${says}`, ...lines].join('\n')
}

function sentence({ claim: { name }, broken, provoked }: Wish, { kind }: Verdict): string {
  const off = broken === undefined ? '' : ` with --break=${broken}`
  const on = provoked === undefined ? '' : ` with --provoke=${provoked}`
  return `${name}${off}${on}: ${kind}`
}

function say(line: string): void {
  console.error(`  ${line}`)
}
