import { routeRights } from '@tenseams/identities/routes'
import type { Use } from '@tenseams/service/access/audit-log'
import { buildServer } from '@tenseams/service/server'
import { accessInMemory } from '@tenseams/service/testing/access'
import { openMetrics } from '@tenseams/telemetry/metrics'
import { expect, test } from 'vitest'
import { captureRoutes } from './capture-routes.ts'
import type { CaptureChange } from './capture-switch.ts'

function newServer() {
  const uses: Use[] = []
  let change: CaptureChange | undefined
  const callers = {
    'of-operator': { identity: 'operator', role: 'operator' },
    'of-reader': { identity: 'reader', role: 'reader' },
  } as const
  const server = buildServer({
    ...{ name: 'payments', logLevel: 'silent', metrics: openMetrics('payments'), ready: {} },
    access: accessInMemory({ rights: routeRights.payments, callers, uses }),
  })
  captureRoutes(server, {
    read: async () => change,
    set: async (frozen, by, reason) => {
      change = { frozen, by, reason, at: new Date(0) }
      return change
    },
  })
  const ask = async (method: 'GET' | 'PUT', token: string | undefined, payload?: object) =>
    server.inject({
      ...{ method, url: '/captures', ...(payload && { payload }) },
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    })
  return { uses, ask }
}

const freeze = { frozen: true, reason: 'wrong amounts' }

test('an operator freezes captures, a reader sees it, and the audit log says who did', async () => {
  const { uses, ask } = newServer()
  expect((await ask('GET', 'of-reader')).json()).toEqual({ frozen: false })
  const frozen = { ...freeze, by: 'operator', since: '1970-01-01T00:00:00.000Z' }
  expect((await ask('PUT', 'of-operator', freeze)).json()).toEqual(frozen)
  expect((await ask('GET', 'of-reader')).json()).toEqual(frozen)
  expect(uses).toContainEqual(
    expect.objectContaining({ identity: 'operator', method: 'PUT', route: '/captures' }),
  )
})

test('nobody else freezes captures', async () => {
  const { ask } = newServer()
  expect((await ask('PUT', undefined, freeze)).statusCode).toBe(401)
  expect((await ask('PUT', 'of-reader', freeze)).statusCode).toBe(403)
})

test.each([
  {},
  { frozen: true },
  { frozen: 'true', reason: 'wrong amounts' },
  { frozen: true, reason: '' },
  { frozen: true, reason: 'two\nlines' },
  { frozen: true, reason: 'x'.repeat(201) },
])('what is no change is refused: %j', async (payload) => {
  const { ask } = newServer()
  expect((await ask('PUT', 'of-operator', payload)).statusCode).toBe(400)
})
