import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { instanceEndpoints } from '@tenseams/cli/endpoints'

const help = `npm run read-model -- <verb>

  status     the generations of the order list, and how far each has read the log
  rebuild    makes the list anew from the log, beside the current one, which readers see until then.
             Orders are taken all the while. Interrupting this command does not stop the rebuild.

  --instance <name>    of the native stack (default)
  --port-offset <n>    its port offset, instead of the one with which it was started last
  --url <http://…>     of the orders service, instead of the instance's
  --within <seconds>   how long to wait for a rebuild (default 600)

Exit codes: 0 done; 1 the rebuild goes on after the time to wait; 2 it could not be done.
`

const options = {
  help: { type: 'boolean', short: 'h' },
  instance: { type: 'string', default: 'default' },
  'port-offset': { type: 'string' },
  url: { type: 'string' },
  within: { type: 'string', default: '600' },
} as const

type Shown = { readonly generation: number; readonly state: string; readonly position: number }

const REQUEST_TIMEOUT_MS = 10_000
const LOOK_EVERY_MS = 200
const SAY_EVERY_MS = 2_000

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
  if (values.help === true) return say(help)
  const withinMs = wholeNumber('--within', values.within) * 1_000
  const offset = values['port-offset']
  const portOffset = offset === undefined ? undefined : wholeNumber('--port-offset', offset)
  const url = values.url ?? instanceEndpoints(values.instance, portOffset).ordersUrl
  const verb = positionals.join(' ')
  if (verb === 'status') return show(await generationsAt(url))
  if (verb === 'rebuild') return rebuild(url, withinMs)
  throw new Error(`${verb === '' ? 'which verb?' : `${verb}: not understood`}\n\n${help}`)
}

/** Starts it and follows it until readers see the new generation. */
async function rebuild(url: string, withinMs: number): Promise<number> {
  const { generation } = await ask<{ generation: number }>(`${url}/read-model/rebuild`, 'POST')
  const deadline = performance.now() + withinMs
  let said = 0
  for (;;) {
    const generations = await generationsAt(url)
    const ours = generations.find((one) => one.generation === generation)
    if (ours === undefined) throw new Error(`generation ${generation} is gone`)
    if (ours.state === 'current') return say(`readers see generation ${generation}\n`)
    if (performance.now() > said + SAY_EVERY_MS) {
      show(generations)
      said = performance.now()
    }
    if (performance.now() > deadline) {
      process.stderr.write('still building; `npm run read-model -- status` tells how far it is\n')
      return 1
    }
    await delay(LOOK_EVERY_MS)
  }
}

const generationsAt = (url: string) => ask<readonly Shown[]>(`${url}/read-model`, 'GET')

async function ask<Answer>(url: string, method: string): Promise<Answer> {
  const response = await fetch(url, {
    method,
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  }).catch((cause: unknown) => {
    const hint = 'is it running? `npm run stack -- status` tells'
    throw new Error(`${url}: the orders service gives no answer; ${hint}`, { cause })
  })
  if (!response.ok) throw new Error(`${url} answers ${response.status}: ${await response.text()}`)
  return (await response.json()) as Answer
}

function show(generations: readonly Shown[]): number {
  for (const { generation, state, position } of generations) {
    say(`generation ${generation}  ${state}  up to position ${position}\n`)
  }
  return generations.length === 0 ? say('no generation yet\n') : 0
}

function wholeNumber(name: string, text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text)
  throw new Error(`${name}: a whole number is expected, not ${text}`)
}

function say(text: string): number {
  process.stdout.write(text)
  return 0
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 2
}
