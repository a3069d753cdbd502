import { fileURLToPath } from 'node:url'
import { readArguments, refuseMore } from '@tenseams/cli/arguments'
import { type ExitCode, exitCodes } from '@tenseams/cli/exit-codes'
import * as output from '@tenseams/cli/output'
import { explain } from '@tenseams/cli/run-verb'
import { type Comparison, readComparison } from './base.ts'
import { checkContracts, type Verdict } from './check.ts'
import type { Refusal } from './refusal.ts'

export const checkHelp = `npm run contracts -- check [--base <git ref>]

Decides whether the contracts in the working tree, committed or not, may be merged. Needs git, but no network and no
registry. Compares each schema with all its earlier versions under its topic's level, makes all that its records need on
their way (types, codec, Flink's tables, the lake's columns and files), and compares all promises with those of the base:
every property of topics.yaml, texts of published versions, kept records.

  --base <git ref>   commit, branch or tag whose contracts others rely on, e.g. main; the check compares with the merge
                     base of it and HEAD. Without it: where this branch left the default branch (what origin/HEAD or
                     init.defaultBranch names, else main or master); HEAD when the working tree differs from it;
                     otherwise the state before the newest version of a schema was added
  --in <folder>      another checkout of this project instead of this one

Exit codes: 1 something is refused, each with what to do instead, whatever else is undecided; 2 nothing is refused, but
something is undecided: no base, shallow clone, unreadable file, nothing to compare; 0 all is compared, and nothing is
refused.
`

const options = {
  base: { type: 'string' },
  in: { type: 'string', default: fileURLToPath(new URL('../../..', import.meta.url)) },
} as const

/** `contracts check`. @returns the exit code; never 0 when anything was not decided. */
export async function runCheck(
  args: readonly string[],
  say: (line: string) => void = output.say,
  complain: (line: string) => void = output.complain,
): Promise<ExitCode> {
  const { values, positionals } = readArguments(args, options)
  refuseMore(positionals)
  try {
    const comparison = readComparison(values.in, values.base)
    const verdict = await checkContracts(comparison, new Date().toISOString().slice(0, 10))
    for (const line of answer(comparison, verdict)) say(line)
    for (const sentence of verdict.undecided) complain(`Undecided: ${sentence}`)
    return exitCodeOf(verdict)
  } catch (error) {
    complain(`Undecided: ${explain(error)}`)
    return exitCodes.undecided
  }
}

/** What is refused is certain, whatever else is undecided. */
function exitCodeOf({ refusals, undecided }: Verdict): ExitCode {
  if (refusals.length > 0) return exitCodes.refuted
  return undecided.length > 0 ? exitCodes.undecided : exitCodes.holds
}

function answer(
  { base, tree }: Comparison,
  { compared, refusals, undecided }: Verdict,
): readonly string[] {
  const pairs = compared.reduce((sum, topic) => sum + topic.pairs, 0)
  const schemas = compared.reduce((sum, topic) => sum + topic.versions, 0)
  return [
    `Compared ${tree.name} with ${base.name}.`,
    ...compared.map(({ topic, versions, pairs: compared }) => {
      const promise = `${topic.compatibility}, ${topic.format}`
      return `  ${topic.name}: ${promise}, ${counted(versions, 'version')}, ${counted(compared, 'pair')} compared`
    }),
    '',
    ...refusals.flatMap(lines),
    refusals.length === 0
      ? `Nothing is refused: ${counted(compared.length, 'topic')}, ${counted(schemas, 'schema')}, ${counted(pairs, 'pair')} of versions.`
      : `${counted(refusals.length, 'change')} refused. What each level promises: docs/seam-08-contracts.md`,
    ...(undecided.length === 0 ? [] : [`${counted(undecided.length, 'thing')} undecided.`]),
  ]
}

function lines({ where, what, why, whom, todo }: Refusal): readonly string[] {
  const parts = { what, why, whom, do: todo }
  const texts = Object.entries(parts).flatMap(([name, text]) =>
    wrapped(`  ${name.padEnd(6)}`, text),
  )
  return [`REFUSED  ${where}`, ...texts, '']
}

/** Wraps the first line of the text. The other lines are commands, and stay whole. */
function wrapped(lead: string, text: string): readonly string[] {
  const [words = '', ...commands] = text.split('\n')
  const indent = ' '.repeat(lead.length)
  const filled: string[] = []
  for (const word of words.split(' ')) {
    const last = filled.at(-1)
    const isFull = last === undefined || last.length + 1 + word.length > LINE_LENGTH
    if (isFull) filled.push(`${last === undefined ? lead : indent}${word}`)
    else filled[filled.length - 1] = `${last} ${word}`
  }
  return [...filled, ...commands.map((command) => `${indent}${command}`)]
}

const LINE_LENGTH = 110

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
