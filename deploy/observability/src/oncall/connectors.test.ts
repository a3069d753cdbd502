import { createServer } from 'node:http'
import type { ConnectorStatus } from '@tenseams/debezium/connect-api'
import { beforeEach, describe, expect, test } from 'vitest'
import { connectorLines, connectorsAt, planRestarts } from './connectors.ts'

const states: Record<string, string> = {}
const restarted: string[] = []

const statusOf = (name: string): ConnectorStatus => ({
  connector: { state: states[name] === 'PAUSED' ? 'PAUSED' : 'RUNNING' },
  tasks: [
    {
      id: 0,
      state: states[name] ?? '',
      ...(states[name] === 'FAILED' && { trace: 'no slot\n at' }),
    },
  ],
})

/** Connect, as far as it is asked here. */
const server = createServer(({ method, url = '' }, response) => {
  const [, , name = ''] = url.split(/[/?]/)
  if (method === 'POST') {
    restarted.push(url)
    states[name] = 'RUNNING'
    return response.writeHead(202).end('{}')
  }
  const all = Object.fromEntries(
    Object.keys(states).map((each) => [each, { status: statusOf(each) }]),
  )
  return response.end(JSON.stringify(url.startsWith('/connectors?') ? all : statusOf(name)))
})
await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
const address = server.address()
const connect = {
  connectUrl: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
  login: async () => 'Basic',
}

beforeEach(() => {
  restarted.splice(0)
  Object.assign(states, { outbox: 'FAILED', cdc: 'RUNNING', other: 'PAUSED' })
})

describe('connectors', () => {
  test('are shown with the first line of why they have failed', async () => {
    expect(connectorLines(await connectorsAt(connect))).toEqual([
      'outbox  RUNNING  task 0 FAILED  no slot',
      'cdc  RUNNING  task 0 RUNNING',
      'other  PAUSED  task 0 PAUSED',
    ])
  })

  test('that have failed are restarted, and no other', async () => {
    const plan = planRestarts(connect, await connectorsAt(connect), undefined)
    expect(restarted).toEqual([])
    for (const step of plan.steps) expect(await step.act()).toBe('outbox runs')
    expect(restarted).toEqual(['/connectors/outbox/restart?includeTasks=true&onlyFailed=true'])
  })

  test('that run have nothing to do, and one that is not there is refused', async () => {
    const all = await connectorsAt(connect)
    expect(planRestarts(connect, all, 'cdc')).toMatchObject({ steps: [] })
    expect(planRestarts(connect, all, 'sink').refused).toContain('sink')
  })
})
