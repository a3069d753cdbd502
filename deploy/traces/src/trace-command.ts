import { readArguments, webAddress } from '@tenseams/cli/arguments'
import { UsageError, VerbError } from '@tenseams/cli/errors'
import { type ExitCode, exitCodes } from '@tenseams/cli/exit-codes'
import { endpointsOf, instanceHelp, instanceOptions } from '@tenseams/cli/instance-options'
import { say } from '@tenseams/cli/output'
import { runVerb } from '@tenseams/cli/run-verb'
import { type StoredSpan, TraceStore } from './store.ts'
import { linkedBy, type SharedWork, waterfall } from './waterfall.ts'

const help = `npm run trace -- <order id> [--instance <name>]

Prints the way of an order as a waterfall: request, append, the waits in the WAL and in each topic, what each service made of
the event, calls of the payment provider, and the commit that made each row visible in the lake. One trace for each request
about the order: its placing, and its cancellation if there was one.

  --url <http://…>         of Zipkin (default: that of the instance)
${instanceHelp}

Exit codes: 0 printed; 2 no trace of the order is known, or Zipkin does not answer.
`

const options = { url: { type: 'string' }, ...instanceOptions } as const

const MOST_SHARED = 40
const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

async function trace(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = readArguments(args, options)
  const [orderId, ...more] = positionals
  if (orderId === undefined || more.length > 0 || !ID.test(orderId)) {
    throw new UsageError('name one order by its id, as POST /orders has answered it')
  }
  const { url = endpointsOf(values).zipkinUrl } = values
  webAddress('--url', url)
  const store = new TraceStore(url)
  const traces = await store.ofStream(orderId.toLowerCase())
  if (traces.length === 0) {
    throw new VerbError(
      `no trace of order ${orderId} is known. Of the traces of a second only the first TRACES_PER_SECOND are recorded, Zipkin ` +
        'keeps the newest, and a service sends its spans a second later: place another order, and ask again.',
    )
  }
  for (const spans of traces) await show(store, spans)
  return exitCodes.holds
}

async function show(store: TraceStore, spans: readonly StoredSpan[]): Promise<void> {
  const [first] = spans
  if (first === undefined) return
  const began = new Date(first.startUs / 1_000).toISOString()
  say(`\ntrace ${first.traceId}, began ${began}, ${spans.length} steps: began, took, what\n`)
  const { columns: width } = process.stdout
  const shared = await sharedBy(store, spans)
  for (const line of waterfall(spans, { shared, ...(width && { width }) })) say(line)
}

/** What the trace shares with others: each statement and commit is a trace of its own. */
async function sharedBy(store: TraceStore, spans: readonly StoredSpan[]): Promise<SharedWork> {
  const traceIds = [...new Set(spans.flatMap(linkedBy).map(({ traceId }) => traceId))]
  const found = await Promise.all(traceIds.slice(0, MOST_SHARED).map((id) => store.ofTrace(id)))
  return new Map(found.flat().map((span) => [span.id, span]))
}

await runVerb(trace, help)
