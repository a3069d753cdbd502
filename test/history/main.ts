import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type Anomaly, anomalies } from './anomaly.ts'
import { checkHistory } from './check.ts'
import { linesOf } from './read.ts'

const LONGEST_LIST = 5

const kinds = Object.entries(anomalies).map(([kind, says]) => `  ${kind.padEnd(28)}${says}`)

const usage = `npx node test/history/main.ts <file.jsonl>...

Judges a history of Kafka clients' operations. Several files of one machine are merged by their clock.

${kinds.join('\n')}

  --help    this text

Exit code: 0 no anomaly; 1 an anomaly, named; 2 a file that cannot be read, or a history without operations.`

process.exitCode = main(process.argv.slice(2))

function main(parameters: string[]): number {
  try {
    const options = { help: { type: 'boolean', short: 'h' } } as const
    const { values, positionals } = parseArgs({ args: parameters, allowPositionals: true, options })
    if (values.help) {
      console.log(usage)
      return 0
    }
    if (positionals.length === 0) throw new Error(`which file?\n\n${usage}`)
    return report(positionals)
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error))
    return 2
  }
}

function report(paths: readonly string[]): number {
  const contents = paths.map((path) => linesOf(readFileSync(path, 'utf8')))
  const { operations, anomalies: found, unseen, torn } = checkHistory(...contents)
  for (const line of torn) console.log(`a torn last line is left out: ${line.slice(0, 60)}`)
  if (operations === 0) throw new Error('no operation is recorded: nothing can be said')
  for (const [kind, those] of Map.groupBy(found, (one) => one.kind)) {
    console.log(`${kind}: ${those.length}, ${anomalies[kind]}`)
    for (const one of those.slice(0, LONGEST_LIST)) console.log(`  ${describe(one)}`)
  }
  if (unseen.length > 0) console.log(`${unseen.length} acknowledged values are not read yet`)
  console.log(`${operations} operations, ${found.length} anomalies`)
  return found.length === 0 ? 0 : 1
}

function describe({ description, witnesses }: Anomaly): string {
  const { topic, partition, operations } = witnesses
  const where =
    topic === undefined ? '' : `${topic}${partition === undefined ? '' : `-${partition}`} `
  return `${where}${description} (operations ${operations.join(', ')})`
}
