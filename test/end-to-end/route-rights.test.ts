import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { authorizationIn } from '@tenseams/identities/authorization'
import { identities } from '@tenseams/identities/identities'
import { rightsOf, type ServiceName } from '@tenseams/identities/routes'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  nameOf,
  probing,
  type RouteCell,
  routeCells,
  services,
  verdictOf,
} from '../access/route-cells.ts'
import { tryOut } from '../runner/unused-rights.ts'
import { differing } from '../support/rights/differing.ts'
import { type TestStack, useStack } from '../support/stack.ts'

let stack: TestStack
/**
 * Without those that are not in this stack: the pager, which test/seams/09-observability asks, and the system before the log,
 * whose routes have the rights of those of orders.
 */
type Running = Exclude<ServiceName, 'pager' | 'legacy'>

const isRunning = (service: ServiceName): service is Running =>
  service !== 'pager' && service !== 'legacy'

let urls: Readonly<Record<Running, string>>
const tokens = new Map<string, string>([['stranger', 'a-token-of-nobody']])

beforeAll(async () => {
  stack = await useStack()
  const { endpoints, secrets } = stack
  urls = {
    orders: endpoints.ordersUrl,
    payments: endpoints.paymentsUrl,
    'payment-provider': endpoints.paymentProviderUrl,
    fulfilment: endpoints.fulfilmentUrl,
    pulse: endpoints.pulseUrl,
    lakehouse: endpoints.lakehouseUrl,
    auditor: endpoints.auditorUrl,
    exporter: endpoints.exporterUrl,
  }
  for (const { name, http } of identities) {
    if (http === undefined) continue
    const { authorization } = await authorizationIn(secrets.fileOf(name))
    tokens.set(name, authorization.replace('Bearer ', ''))
  }
})

type Sent = {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

/** Node's own client, because fetch sets Host and Origin itself. */
function statusOf({ method, url, headers, body }: Sent): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  // Of a DELETE it says no length by itself, and the server takes the body for another request.
  const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }
  const options = { method, headers: { ...headers, ...length }, timeout: 20_000 }
  const outgoing = request(url, options, (incoming) => {
    incoming.resume()
    incoming.on('end', () => resolve(incoming.statusCode ?? 0))
  })
  outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer from ${url}`)))
  outgoing.on('error', reject)
  outgoing.end(body)
  return promise
}

function urlOf(service: ServiceName): string {
  if (isRunning(service)) return urls[service]
  throw new Error(`${service} does not run here`)
}

async function probe(cell: RouteCell) {
  const { path, ...sent } = probing(cell, tokens.get(cell.identity))
  return verdictOf(await statusOf({ ...sent, url: urlOf(cell.service) + path }))
}

test('everybody may use those routes of the running services that are declared for them, and no other', async () => {
  const cells = routeCells().filter(({ service }) => isRunning(service))
  expect(await tryOut(() => differing(cells, probe, nameOf))).toEqual([])
}, 120_000)

describe.each(services.filter(isRunning))(
  'a page of another site, whoever looks at it, at %s',
  (service) => {
    test.each([
      ['reads and causes nothing by a name of its own', { host: 'rebound.example' }, 421],
      ['reads and causes nothing from its origin', { origin: 'https://evil.example' }, 403],
      ['reads and causes nothing without an origin', { 'sec-fetch-site': 'cross-site' }, 403],
    ] as const)('%s', async (_, foreign, status) => {
      for (const route of Object.keys(rightsOf(service))) {
        const [operation = '', target = ''] = route.split(' ')
        const cell = { identity: 'admin', operation, target, service, allowed: true }
        const { path, ...sent } = probing(cell, tokens.get('admin'))
        const headers = { ...sent.headers, ...foreign }
        const answer = await statusOf({ ...sent, headers, url: urlOf(service) + path })
        expect([route, answer]).toEqual([route, status])
      }
    })
  },
)

test('what was used and refused is in the audit log of the service, without a token', async () => {
  const ask = (name: string) =>
    statusOf({
      ...{ method: 'GET', url: `${urls.orders}/read-model?probe=1` },
      headers: { authorization: `Bearer ${tokens.get(name)}` },
    })
  const ways = await tryOut(async () => [
    await ask('reader'),
    await ask('payments'),
    await ask('stranger'),
  ])
  expect(ways).toEqual([200, 200, 401])
  const linesIn = (name: string) => {
    const text = readFileSync(join(stack.context.paths.audit, name), 'utf8')
    for (const token of tokens.values()) expect(text).not.toContain(token)
    return text.trimEnd().split('\n')
  }
  const last = JSON.parse(linesIn('orders.log').at(-1) ?? '')
  expect(last).toMatchObject({ identity: 'payments', route: '/read-model', outcome: 'allowed' })
  const stranger = JSON.parse(linesIn('orders.strangers.log').at(-1) ?? '')
  expect(stranger).toMatchObject({ identity: null, outcome: 'refused', status: 401 })
})
