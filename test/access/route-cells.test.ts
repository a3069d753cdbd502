import { identities } from '@tenseams/identities/identities'
import { rightsOf, type ServiceName } from '@tenseams/identities/routes'
import type { Caller } from '@tenseams/service/access/rights'
import { buildServer, type Server } from '@tenseams/service/server'
import { accessInMemory } from '@tenseams/service/testing/access'
import { openMetrics } from '@tenseams/telemetry/metrics'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { differing } from '../support/rights/differing.ts'
import { nameOf, probing, type RouteCell, routeCells, services, verdictOf } from './route-cells.ts'

const callers = Object.fromEntries(
  identities.flatMap(({ name, http }): readonly [string, Caller][] =>
    http === undefined ? [] : [[`token-of-${name}`, { identity: name, role: http }]],
  ),
)
const servers = new Map<ServiceName, Server>()

type Method = Parameters<Server['route']>[0]['method']

/** A service with the declared routes and rights of another, that does nothing. */
function shell(service: ServiceName): Server {
  const rights = rightsOf(service)
  const server = buildServer({
    ...{ name: service, logLevel: 'silent', metrics: openMetrics('test'), ready: {} },
    access: accessInMemory({ rights, callers }),
  })
  for (const route of Object.keys(rights)) {
    const [method, url = ''] = route.split(' ')
    if (/^\/(?:health|metrics)/.test(url)) continue
    server.route({ method: method as Method, url, handler: () => ({}) })
  }
  return server
}

beforeAll(() => {
  for (const service of services) servers.set(service, shell(service))
})

afterAll(() => Promise.all([...servers.values()].map((server) => server.close())))

async function probe(cell: RouteCell) {
  const server = servers.get(cell.service)
  const token = cell.identity === 'nobody' ? undefined : `token-of-${cell.identity}`
  const hasToken = token === undefined || token in callers || cell.identity === 'stranger'
  const { method, path, headers, body } = probing(cell, hasToken ? token : undefined)
  const answer = await server?.inject({
    ...{ method: method as 'GET', url: path, headers },
    ...(body !== undefined && { payload: body }),
  })
  return verdictOf(answer?.statusCode ?? 0)
}

test('everybody may use what is declared for them, and nothing else', async () => {
  expect(await differing(routeCells(), probe, nameOf)).toEqual([])
})

test('a control route is declared for the least role that its work needs', () => {
  const may = (identity: string, service: ServiceName, route: string) =>
    routeCells().find(
      (cell) =>
        cell.identity === identity &&
        cell.service === service &&
        `${cell.operation} ${cell.target}` === route,
    )?.allowed
  expect(may('reader', 'orders', 'GET /read-model')).toBe(true)
  expect(may('reader', 'orders', 'POST /read-model/rebuild')).toBe(false)
  expect(may('auditor', 'pulse', 'POST /barriers')).toBe(true)
  expect(may('operator', 'payment-provider', 'PUT /faults')).toBe(false)
  expect(may('admin', 'payment-provider', 'POST /payments')).toBe(false)
  expect(may('nobody', 'payment-provider', 'GET /payments')).toBe(false)
  expect(may('nobody', 'orders', 'POST /orders')).toBe(true)
})
