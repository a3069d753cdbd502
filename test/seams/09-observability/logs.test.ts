import { readFileSync } from 'node:fs'
import { logLineDifferences } from '@tenseams/contracts/telemetry/log-lines'
import { readTelemetry } from '@tenseams/contracts/telemetry/read'
import { placeOrder, registerCustomers } from '@tenseams/demonstration/shop'
import { eventually } from '@tenseams/local/launcher/host/wait'
import { logFileOf } from '@tenseams/local/launcher/supervise/supervisor'
import { expect, test } from 'vitest'
import { runProgram } from '../../runner/program.ts'
import { type TestStack, useStack } from '../../support/stack.ts'

const telemetry = readTelemetry()
const WAIT_MS = 30_000
const TIMEOUT_MS = 2 * 60_000
/** The pager is started with Prometheus only, the system before the log by a rollout. */
const services = telemetry.services.filter((name) => name !== 'pager' && name !== 'legacy')

test(
  'an order that waits is found in the logs by its id',
  async () => {
    const stack = await useStack()
    const customers = await registerCustomers(stack.endpoints, 1)
    await stack.kill('payment-provider')
    try {
      const { orderId } = await placeOrder(stack.endpoints, customers, 0)
      const isThere = async () => (await linesAbout(stack, orderId)).find(isPause)
      const line = await eventually(isThere, { timeoutMs: WAIT_MS, what: 'a line about the order' })
      expect(line).toMatchObject({
        ...{
          part: 'payments',
          level: 'warn',
          group: 'payments',
          topic: 'orders.order.v1',
          orderId,
        },
        ...{ partition: expect.any(Number), offset: expect.stringMatching(/^\d+$/) },
        ...{ eventId: expect.stringMatching(/^[0-9a-f-]{36}$/), fault: 'outage' },
      })
    } finally {
      await stack.restart('payment-provider')
    }
  },
  TIMEOUT_MS,
)

/** What the tests before have provoked is in the logs, too. */
test.each(services)('%s has logged nothing but declared fields', async (name) => {
  const { context } = await useStack()
  const text = readFileSync(logFileOf(context.paths, name), 'utf8')
  const lines = text.split('\n').slice(0, -1)
  expect(lines.length).toBeGreaterThan(0)
  const differing = lines.flatMap((line) =>
    logLineDifferences(telemetry, line).map((difference) => `${difference}: ${line}`),
  )
  expect(differing.slice(0, 10)).toEqual([])
})

const isPause = ({ part, msg }: Line) => part === 'payments' && msg === 'partition pauses'

type Line = Readonly<Record<string, unknown>>

async function linesAbout({ context }: TestStack, orderId: string): Promise<readonly Line[]> {
  const { instance } = context.paths
  const { output } = await runProgram({
    file: 'deploy/local/src/launcher/cli/stack-command.ts',
    parameters: ['logs', '--order', orderId, '--json', '--instance', instance],
    timeoutMs: WAIT_MS,
  })
  return output.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []))
}
