import { readArguments, refuseMore, wholeNumber } from '@tenseams/cli/arguments'
import { type ExitCode, exitCodes } from '@tenseams/cli/exit-codes'
import {
  credentialsFileOf,
  endpointsOf,
  instanceHelp,
  instanceOptions,
} from '@tenseams/cli/instance-options'
import { say } from '@tenseams/cli/output'
import { runVerb } from '@tenseams/cli/run-verb'
import { wayOfAnOrder } from './hops.ts'
import { traceOfNewOrder } from './new-order.ts'
import { waterfall } from './waterfall.ts'

const help = `npm run assert:trace [-- --instance <name>]

Places an order, waits until it is in the lake, and compares its trace with the way that an order has: one trace, from the
request to the Iceberg commits, every hop below the one that has caused it.

  --timeout-ms <n>         for the order to be completed and in the lake (default: 60000)
${instanceHelp}

Exit codes: 0 every hop is there; 1 a hop is missing; 2 no order could be placed, or Zipkin does not answer.
`

const options = { 'timeout-ms': { type: 'string', default: '60000' }, ...instanceOptions } as const

async function assertTrace(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = readArguments(args, options)
  refuseMore(positionals)
  const timeoutMs = wholeNumber('--timeout-ms', values['timeout-ms'], { most: 600_000 })
  const { ordersUrl, zipkinUrl } = endpointsOf(values)
  const shop = { ordersUrl, zipkinUrl, credentialsFile: credentialsFileOf(values, {}) }
  const { traceId, spans, lacks } = await traceOfNewOrder(shop, timeoutMs)
  if (spans.length > 0) for (const line of waterfall(spans)) say(line)
  if (lacks.length === 0) {
    say(`\nall ${wayOfAnOrder.length} hops are in trace ${traceId}, ${spans.length} steps`)
    return exitCodes.holds
  }
  say(`\ntrace ${traceId} lacks:`)
  for (const lack of lacks) say(`  ${lack}`)
  return exitCodes.refuted
}

await runVerb(assertTrace, help)
