import { once } from 'node:events'
import { openOwnToken } from '@tenseams/service/access/own-token'
import { machineMs, until } from '../clock.ts'
import { HttpClient } from './http.ts'
import { type Due, openLoop } from './open-loop.ts'
import { readOffered } from './products.ts'
import { dueTimes } from './schedule.ts'
import { Shopper } from './shopper.ts'
import { Tally, type Window } from './tally.ts'
import type { FromGenerator, Task, ToGenerator } from './task.ts'

/**
 * The process of the generator: nothing else runs in it, so what it uses of the CPU can be told from what the system uses,
 * and no observer delays a request. It obeys its parent, which ends it, and is gone when that is gone.
 */
const PROGRESS_MS = 1_000

// Ctrl-C in a terminal goes to every process; the parent decides, and wants the result.
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined)

const ending = new AbortController()
process.on('disconnect', () => process.exit())
process.on('message', (message: ToGenerator) => {
  if (message.kind === 'end') ending.abort()
})

async function generate(task: Task): Promise<void> {
  const { url, maxInFlight, requestTimeoutMs, offer, credentialsFile } = task
  const authorization =
    credentialsFile === undefined ? async () => ({}) : await openOwnToken(credentialsFile)
  const client = new HttpClient({
    url,
    maxConnections: maxInFlight,
    timeoutMs: requestTimeoutMs,
  })
  const products = await readOffered(url, requestTimeoutMs)
  const shopper = new Shopper({ ...task, seed: offer.seed, products })
  tell({ kind: 'ready' })
  const beginMs = await begun()
  const fromMs = beginMs + offer.rampMs
  const window = { fromMs, toMs: fromMs + offer.durationMs }
  const tally = new Tally(window)
  const progress = setInterval(
    () => tell({ kind: 'progress', progress: tally.progress }),
    PROGRESS_MS,
  )
  const used = cpuIn(window, ending.signal)
  await openLoop({
    ...{ beginMs, dueTimesMs: dueTimes(offer), maxInFlight, signal: ending.signal },
    onNotSent: (due) => tally.notSent(due),
    send: (due) => send(due, { client, shopper, tally, authorization }),
  })
  const result = tally.result(await used)
  clearInterval(progress)
  client.close()
  tell({ kind: 'result', result })
}

type Sending = {
  readonly client: HttpClient
  readonly shopper: Shopper
  readonly tally: Tally
  readonly authorization: () => Promise<Readonly<Record<string, string>>>
}

async function send(due: Due, { client, shopper, tally, authorization }: Sending): Promise<void> {
  const request = shopper.next(due)
  tally.sent(request.kind, due)
  try {
    const headers = { ...request.headers, ...(await authorization()) }
    const verdict = shopper.judge(request, await client.send({ ...request, headers }))
    if (verdict === 'ok') tally.answered(request.kind, due)
    else tally.failed(request.kind, due, verdict)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    tally.failed(request.kind, due, code)
  }
}

/** What this process uses from the end of the ramp until the end of the load, or until it is told to end. */
async function cpuIn({ fromMs, toMs }: Window, signal: AbortSignal) {
  await until(fromMs, signal)
  const before = process.cpuUsage()
  await until(toMs, signal)
  const { user, system } = process.cpuUsage(before)
  const measuredMs = Math.max(0, Math.min(machineMs(), toMs) - fromMs)
  return { cpuMs: (user + system) / 1_000, measuredMs }
}

async function begun(): Promise<number> {
  for (;;) {
    const [message] = (await once(process, 'message')) as [ToGenerator]
    if (message.kind === 'begin') return message.beginMs
    if (message.kind === 'end') return machineMs()
  }
}

function tell(message: FromGenerator): void {
  process.send?.(message)
}

const [task = ''] = process.argv.slice(2)
await generate(JSON.parse(task)).catch((error: unknown) => {
  tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) })
})
