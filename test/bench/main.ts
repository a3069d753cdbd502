import { parseArgs } from 'node:util'
import { withOwnStack } from '../own-stack.ts'
import { type BenchOptions, benchEventStore } from './event-store.ts'

const usage = `npm run bench -- event-store [--rounds N] [--seconds N]

Appends with an optimistic check: ours beside one insert a commit through pg and beside emmett's store, in one run on one
Postgres that is started for it and gone at the end.

  --rounds N    how often each contestant has its turn (5 at least, default 5)
  --seconds N   how long a turn is (default 3)
  --help        this text

Exit code: 0 all goals reached, 1 one was missed, 2 it could not be measured.`

process.exitCode = await main(process.argv.slice(2))

async function main(parameters: string[]): Promise<number> {
  const wish = readWish(parameters)
  if (wish === 'help') {
    console.log(usage)
    return 0
  }
  if (wish === undefined) return 2
  try {
    const reached = await withOwnStack(['databases'], (stack) => benchEventStore(stack, wish))
    return reached ? 0 : 1
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error))
    return 2
  }
}

function readWish(parameters: string[]): BenchOptions | 'help' | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: parameters,
      allowPositionals: true,
      options: {
        rounds: { type: 'string', default: '5' },
        seconds: { type: 'string', default: '3' },
        help: { type: 'boolean' },
      },
    })
    if (values.help) return 'help'
    if (positionals.join(' ') !== 'event-store') throw new Error('which bench? event-store')
    const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)]
    if (!(Number.isInteger(rounds) && rounds >= 5)) throw new Error('--rounds is 5 at least')
    if (!(seconds > 0 && seconds <= 60)) throw new Error('--seconds is above 0, and 60 at most')
    return { rounds, seconds }
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
    return undefined
  }
}
