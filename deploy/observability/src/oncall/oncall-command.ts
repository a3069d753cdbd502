import { type ExitCode, exitCodes } from '@tenseams/cli/exit-codes'
import { say } from '@tenseams/cli/output'
import { runVerb } from '@tenseams/cli/run-verb'
import { readCredentials } from '@tenseams/identities/credentials'
import { ActLog, openActFile } from './act-log.ts'
import { type Asked, type Family, help, readOncallArguments } from './arguments.ts'
import { carryOut } from './carry-out.ts'
import { capturesOf, connectorsOf, type Found } from './http-families.ts'
import { offsetsOf, parkOf, readersOf, transactionsOf } from './kafka-families.ts'

const families: Readonly<Record<Family, (asked: Asked) => Promise<Found>>> = {
  captures: capturesOf,
  transactions: transactionsOf,
  offsets: offsetsOf,
  park: parkOf,
  connectors: connectorsOf,
  readers: readersOf,
}

async function oncall(args: readonly string[]): Promise<ExitCode> {
  const asked = readOncallArguments(args)
  const found = await families[asked.family](asked)
  if (found.kind === 'shown') {
    for (const line of found.lines) say(line)
    return exitCodes.holds
  }
  const { identity } = await readCredentials(asked.credentialsFile)
  const command = [asked.family, asked.command].filter((word) => word !== undefined).join(' ')
  const request = { command, target: asked.rest.join(' '), reason: asked.reason }
  const file = openActFile(asked.instance)
  try {
    const log = new ActLog(file, identity, request)
    return await carryOut(found.plan, { dryRun: asked.dryRun, log, say })
  } finally {
    file.close()
  }
}

await runVerb(oncall, help)
