import { setTimeout as delay } from 'node:timers/promises'
import {
  commandOf,
  readArguments,
  refuseMore,
  refuseStrays,
  webAddress,
  wholeNumber,
} from '@tenseams/cli/arguments'
import { VerbError } from '@tenseams/cli/errors'
import { type ExitCode, exitCodes } from '@tenseams/cli/exit-codes'
import {
  credentialsFileOf,
  credentialsHelp,
  endpointsOf,
  instanceHelp,
  instanceOptions,
  serviceOptions,
} from '@tenseams/cli/instance-options'
import { complain, say } from '@tenseams/cli/output'
import { runVerb } from '@tenseams/cli/run-verb'
import { type Authorization, authorizationIn } from '@tenseams/identities/authorization'

const help = `npm run read-model -- <command>

  status                   the generations of the order list, and how far each has read the log
  rebuild                  builds the list again from the log, beside the current one, which readers see until the new
                           one is complete. Orders are accepted meanwhile. Interrupting this command does not stop
                           the rebuild.

  --url <http://…>         of the orders service (default: that of the instance)
${credentialsHelp()}
  --within <seconds>       how long to wait for the rebuild (default: 600)
${instanceHelp}

Exit codes: 0 done; 1 the rebuild has not finished within the time to wait; 2 it could not be done.
`

const options = {
  ...serviceOptions,
  within: { type: 'string', default: '600' },
  ...instanceOptions,
} as const

/** The orders service, and who asks it. */
type Asked = { readonly url: string; readonly headers: Authorization }

type Shown = { readonly generation: number; readonly state: string; readonly position: number }

const REQUEST_TIMEOUT_MS = 10_000
const LOOK_EVERY_MS = 200
const SAY_EVERY_MS = 2_000

async function readModel(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals, given } = readArguments(args, options)
  const [first, ...rest] = positionals
  const command = commandOf(first, ['status', 'rebuild'])
  refuseMore(rest)
  refuseStrays(command, given, { within: ['rebuild'] })
  const withinMs = wholeNumber('--within', values.within, { most: 999_999 }) * 1_000
  const { url = endpointsOf(values).ordersUrl } = values
  webAddress('--url', url)
  const orders = {
    url,
    headers: await authorizationIn(credentialsFileOf(values, { url: values.url })),
  }
  if (command === 'rebuild') return rebuild(orders, withinMs)
  show(await generationsAt(orders))
  return exitCodes.holds
}

/** Starts a rebuild and waits until readers see the new generation. */
async function rebuild(orders: Asked, withinMs: number): Promise<ExitCode> {
  const { generation } = await ask<{ generation: number }>(orders, '/read-model/rebuild', 'POST')
  const deadline = performance.now() + withinMs
  let said = 0
  for (;;) {
    const generations = await generationsAt(orders)
    const ours = generations.find((one) => one.generation === generation)
    if (ours === undefined) throw new VerbError(`generation ${generation} no longer exists`)
    if (ours.state === 'current') {
      say(`readers see generation ${generation}`)
      return exitCodes.holds
    }
    if (performance.now() > said + SAY_EVERY_MS) {
      show(generations)
      said = performance.now()
    }
    if (performance.now() > deadline) {
      complain('still building; `npm run read-model -- status` shows how far it is')
      return exitCodes.refuted
    }
    await delay(LOOK_EVERY_MS)
  }
}

const generationsAt = (orders: Asked) => ask<readonly Shown[]>(orders, '/read-model', 'GET')

async function ask<Answer>(orders: Asked, path: string, method: string): Promise<Answer> {
  const url = `${orders.url}${path}`
  const response = await fetch(url, {
    method,
    headers: orders.headers,
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  }).catch((cause: unknown) => {
    const hint = 'is it running? See `npm run stack -- status`'
    throw new VerbError(`${url}: the orders service does not answer; ${hint}`, { cause })
  })
  if (!response.ok)
    throw new VerbError(`${url} answers ${response.status}: ${await response.text()}`)
  return (await response.json()) as Answer
}

function show(generations: readonly Shown[]): void {
  for (const { generation, state, position } of generations) {
    say(`generation ${generation}  ${state}  up to position ${position}`)
  }
  if (generations.length === 0) say('no generation yet')
}

await runVerb(readModel, help)
