import { parseArgs } from 'node:util'
import { withOwnStack } from '../own-stack.ts'
import { benchEos } from './eos.ts'
import { benchEventStore } from './event-store.ts'

const usage = `npm run bench -- <bench> [--rounds N] [--seconds N]

Ours beside others in one run, on servers that are started for it and gone at the end.

  event-store   appends with an optimistic check: ours beside one insert a commit through pg and beside emmett's store
  eos           consume, transform, produce: with transactions and without, at intervals of 10 to 1000 ms

  --rounds N    how often each contestant has its turn (5 at least, default 5)
  --seconds N   how long a turn is (default 3, of eos 2)
  --quick       of eos: three rounds of fewer conditions, for a look
  --help        this text

Exit code: 0 all goals reached, 1 one was missed, 2 it could not be measured.`

type Wish = {
  readonly bench: 'event-store' | 'eos'
  readonly rounds: number
  readonly seconds: number
  readonly quick: boolean
}

process.exitCode = await main(process.argv.slice(2))

async function main(parameters: string[]): Promise<number> {
  const wish = readWish(parameters)
  if (wish === 'help') {
    console.log(usage)
    return 0
  }
  if (wish === undefined) return 2
  try {
    return (await measure(wish)) ? 0 : 1
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error))
    return 2
  }
}

/** @returns whether all goals were reached. */
function measure(wish: Wish): Promise<boolean> {
  if (wish.bench === 'eos') return withOwnStack(['kafka'], (stack) => benchEos(stack, wish))
  return withOwnStack(['databases'], (stack) => benchEventStore(stack, wish))
}

function readWish(parameters: string[]): Wish | 'help' | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: parameters,
      allowPositionals: true,
      options: {
        rounds: { type: 'string' },
        seconds: { type: 'string' },
        quick: { type: 'boolean', default: false },
        help: { type: 'boolean' },
      },
    })
    if (values.help) return 'help'
    const bench = positionals.join(' ')
    if (bench !== 'event-store' && bench !== 'eos') throw new Error('which bench? event-store, eos')
    const { quick } = values
    if (quick && bench !== 'eos') throw new Error(`${bench} has no --quick`)
    const rounds = Number(values.rounds ?? (quick ? 3 : 5))
    const seconds = Number(values.seconds ?? (bench === 'eos' ? 2 : 3))
    if (!(Number.isInteger(rounds) && rounds >= (quick ? 3 : 5))) {
      throw new Error('--rounds is 5 at least')
    }
    if (!(seconds > 0 && seconds <= 60)) throw new Error('--seconds is above 0, and 60 at most')
    return { bench, rounds, seconds, quick }
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
    return undefined
  }
}
