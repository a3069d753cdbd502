import { readFileSync } from 'node:fs'
import { readArguments } from '@tenseams/cli/arguments'
import { UsageError, VerbError } from '@tenseams/cli/errors'
import { type ExitCode, exitCodes } from '@tenseams/cli/exit-codes'
import { runVerb } from '@tenseams/cli/run-verb'
import { type Anomaly, anomalies } from './anomaly.ts'
import { checkHistory } from './check.ts'
import { linesOf } from './read.ts'

const LONGEST_LIST = 5

const kinds = Object.entries(anomalies).map(([kind, says]) => `  ${kind.padEnd(28)}${says}`)

const usage = `npx node test/history/main.ts <file.jsonl>...

Judges a history of Kafka clients' operations. Several files of one machine are merged by their clock.

${kinds.join('\n')}

Exit codes: 0 no anomaly; 1 an anomaly, named; 2 a file that cannot be read, or a history without operations.`

function judge(args: readonly string[]): ExitCode {
  const { positionals } = readArguments(args, {})
  if (positionals.length === 0) throw new UsageError('which file?')
  return report(positionals)
}

function report(paths: readonly string[]): ExitCode {
  const contents = paths.map((path) => linesOf(readFileSync(path, 'utf8')))
  const { operations, anomalies: found, unseen, torn } = checkHistory(...contents)
  for (const line of torn) console.log(`a torn last line is left out: ${line.slice(0, 60)}`)
  if (operations === 0) throw new VerbError('no operation is recorded: nothing can be said')
  for (const [kind, those] of Map.groupBy(found, (one) => one.kind)) {
    console.log(`${kind}: ${those.length}, ${anomalies[kind]}`)
    for (const one of those.slice(0, LONGEST_LIST)) console.log(`  ${describe(one)}`)
  }
  if (unseen.length > 0) console.log(`${unseen.length} acknowledged values are not read yet`)
  console.log(`${operations} operations, ${found.length} anomalies`)
  return found.length === 0 ? exitCodes.holds : exitCodes.refuted
}

function describe({ description, witnesses }: Anomaly): string {
  const { topic, partition, operations } = witnesses
  const where =
    topic === undefined ? '' : `${topic}${partition === undefined ? '' : `-${partition}`} `
  return `${where}${description} (operations ${operations.join(', ')})`
}

await runVerb(judge, usage)
