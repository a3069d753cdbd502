import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { ConnectorStates } from './connector-states.ts'

const failed = {
  outbox: {
    status: { connector: { state: 'RUNNING' }, tasks: [{ state: 'FAILED' }, { state: 'RUNNING' }] },
  },
}

test('the states of connectors and of their tasks are shown', async () => {
  const registry = new Registry()
  new ConnectorStates(registry).tell(failed)
  const text = await registry.metrics()
  expect(text).toContain('tenseams_connector_state{connector="outbox",state="running"} 1')
  expect(text).toContain('tenseams_connector_state{connector="outbox",state="failed"} 0')
  expect(text).toContain('tenseams_connector_tasks{connector="outbox",state="failed"} 1')
  expect(text).toContain('tenseams_connector_tasks{connector="outbox",state="running"} 1')
})

test('a connector that was known is in no state while Connect does not answer', async () => {
  const registry = new Registry()
  const states = new ConnectorStates(registry)
  states.tell(failed)
  states.tell(undefined)
  const text = await registry.metrics()
  expect(text).toContain('tenseams_connector_state{connector="outbox",state="running"} 0')
  expect(text).toContain('tenseams_connector_tasks{connector="outbox",state="running"} 0')
})
