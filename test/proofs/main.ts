import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { readArguments, wholeNumber } from '@tenseams/cli/arguments'
import { UsageError, VerbError } from '@tenseams/cli/errors'
import { type ExitCode, exitCodes } from '@tenseams/cli/exit-codes'
import { runVerb } from '@tenseams/cli/run-verb'
import type { StackSettings } from '@tenseams/local/launcher/plan/part'
import type { Stack } from '@tenseams/local/launcher/supervise/stack'
import { messageOf } from '@tenseams/service/causes'
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
import { streamFirst } from './stream-first.ts'

const claims: readonly Claim[] = [
  ...[keys, position, streamFirst, eos, late, cdc, lake, medallion, rescale],
]

const numberNames = claims.flatMap(({ numbers = {} }) => Object.keys(numbers))

const usage = `npm run prove -- <claim> [--break=<guard> | --provoke=<guard>]

Provokes what could refute the claim, on an instance that is started for it and gone at the end.

${claims.map(describe).join('\n')}

Exit codes: 0 it holds; 1 refuted, with the anomaly named; 2 undecided, or what it needs is not there.`

async function prove(args: readonly string[]): Promise<ExitCode> {
  const wish = readWish(args)
  const { claim, broken, provoked, numbers } = wish
  say(`starting an instance for "${claim.name}"`)
  const verdict = await withOwnStack(
    claim.only,
    (stack) => keepingLogs(stack, () => claim.prove(stack, { broken, provoked, numbers, say })),
    settingsOf(wish),
  ).catch((error: unknown) => {
    throw new VerbError(messageOf(error))
  })
  for (const line of verdict.lines) console.log(line)
  console.log(sentence(wish, verdict))
  return exitCodes[verdict.kind]
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

function readWish(args: readonly string[]): Wish {
  const { values, positionals } = readArguments(args, {
    break: { type: 'string' },
    provoke: { type: 'string' },
    ...Object.fromEntries(numberNames.map((name) => [name, { type: 'string' as const }])),
  })
  const name = positionals.join(' ')
  const claim = claims.find((one) => one.name === name)
  if (claim === undefined) {
    throw new UsageError(name === '' ? 'which claim?' : `there is no claim "${name}"`)
  }
  const { break: broken, provoke: provoked } = values
  if (broken !== undefined && !Object.hasOwn(claim.breaks, broken)) {
    throw new UsageError(`${claim.name} has no guard "${broken}" to switch off`)
  }
  if (provoked !== undefined && !claim.provokes?.includes(provoked)) {
    throw new UsageError(`${claim.name} has no provocation of a guard "${provoked}"`)
  }
  if (broken !== undefined && provoked !== undefined) {
    throw new UsageError('--break and --provoke exclude each other')
  }
  return { claim, broken, provoked, numbers: numbersOf(claim, values) }
}

function settingsOf({ claim, broken, provoked, numbers }: Wish): Partial<StackSettings> {
  const guard = broken ?? provoked
  const entryFiles =
    guard === undefined ? undefined : claim.entryFiles?.(guard, broken === undefined)
  return {
    ...claim.settings?.(numbers),
    ...(entryFiles && { entryFiles }),
  }
}

function numbersOf(
  claim: Claim,
  values: Readonly<Record<string, unknown>>,
): Readonly<Record<string, number>> {
  const { numbers = {} } = claim
  const foreign = numberNames.find((name) => values[name] !== undefined && !(name in numbers))
  if (foreign !== undefined) throw new UsageError(`${claim.name} has no option --${foreign}`)
  return Object.fromEntries(
    Object.entries(numbers).map(([name, { default: usual, least, most }]) => [
      name,
      wholeNumber(`--${name}`, String(values[name] ?? usual), { least, most }),
    ]),
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

await runVerb(prove, usage)
