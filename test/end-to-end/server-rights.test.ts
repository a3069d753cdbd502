import { request } from 'node:http'
import { openRegistry } from '@tenseams/codec/registry'
import { listJobs } from '@tenseams/flink-jobs/flink/cluster'
import { httpLogin } from '@tenseams/identities/http-login'
import { serverCells } from '@tenseams/identities/server-rights'
import { beforeAll, describe, expect, test } from 'vitest'
import { tryOut } from '../runner/unused-rights.ts'
import { differing } from '../support/rights/differing.ts'
import { serverProbe } from '../support/rights/servers.ts'
import { type TestStack, useStack } from '../support/stack.ts'

let stack: TestStack

beforeAll(async () => {
  stack = await useStack()
})

test('each identity may do at the registry, Connect, Flink, its gateway and the catalogue what is declared, and nothing else', async () => {
  const probe = serverProbe(stack)
  const found = await tryOut(() =>
    differing(
      serverCells(),
      probe,
      ({ identity = 'nobody', operation, target }) => `${identity}, ${operation} at ${target}`,
    ),
  )
  expect(found).toEqual([])
}, 120_000)

test('a foreign registration is refused, and registers nothing', async () => {
  const { registryUrl } = stack.endpoints
  const foreign = { text: '"long"', format: 'avro' } as const
  const subject = 'rights.foreign-value'
  const operator = httpLogin(stack.context.secrets.fileOf('operator'))
  for (const login of [undefined, operator]) {
    const refused = openRegistry(registryUrl, 10_000, login).register(subject, foreign)
    await expect(refused).rejects.toThrow(/answered 401.*Only the publisher/)
  }
  expect(await openRegistry(registryUrl, 10_000).subjects()).not.toContain(subject)
})

describe('the catalogue', () => {
  const asked = async (
    method: string,
    path: string,
    name?: 'payments' | 'reader',
  ): Promise<readonly [number, string]> => {
    const login = name && httpLogin(stack.context.secrets.fileOf(name))
    const response = await fetch(`${stack.endpoints.catalogUrl}${path}`, {
      method,
      headers: { ...(login && { authorization: await login() }) },
      signal: AbortSignal.timeout(10_000),
    })
    return [response.status, await response.text()]
  }
  const dropped = '/v1/namespaces/rights_no_such_namespace/tables/none'

  test('says to whoever is unknown how to log in, and to others who may', async () => {
    expect(await asked('GET', '/v1/config')).toEqual([401, expect.stringContaining('its token as')])
    expect(await asked('GET', '/v1/config', 'payments')).toEqual([
      ...[
        403,
        expect.stringMatching(/payments may not read tables; admin, auditor, exporter, flink/),
      ],
    ])
    expect(await asked('DELETE', dropped, 'reader')).toEqual([
      ...[403, expect.stringMatching(/reader may not change tables; admin, flink, lakehouse/)],
    ])
  })

  test('takes what a reader’s client reports of a scan, and nothing else that is posted', async () => {
    const [status] = await asked('POST', `${dropped}/metrics`, 'reader')
    expect([401, 403]).not.toContain(status)
    for (const path of [
      ...['/v1/namespaces', '/v1/tables/rename', '/v1/transactions/commit', '/v1/oauth/tokens'],
      ...[dropped, `${dropped}/plan`, `${dropped}/%6detrics`, `${dropped}/metrics/`],
      ...[`${dropped};/metrics`, '/v1/views/rename/metrics'],
    ]) {
      expect([path, (await asked('POST', path, 'reader'))[0]]).toEqual([path, 403])
    }
  })
})

const v3 = '/apis/registry/v3'
const groups = '/apis/registry/v2/groups/default/artifacts'
const schema = { schema: '"long"' }
const artifact = { artifactId: 'rights.foreign', artifactType: 'AVRO' }

test.each<[string, string, object?]>([
  ...['v7', 'v8'].flatMap((version): [string, string, object?][] => {
    const ccompat = `/apis/ccompat/${version}`
    return [
      ['POST', `${ccompat}/subjects/rights.foreign-value/versions`, schema],
      ['DELETE', `${ccompat}/subjects/orders.order.v1-value`],
      ['DELETE', `${ccompat}/subjects/orders.order.v1-value/versions/1`],
      ['PUT', `${ccompat}/config`, { compatibility: 'NONE' }],
      ['PUT', `${ccompat}/config/orders.order.v1-value`, { compatibility: 'NONE' }],
      ['DELETE', `${ccompat}/config/orders.order.v1-value`],
      ['PUT', `${ccompat}/mode`, { mode: 'READONLY' }],
    ]
  }),
  ['POST', groups, schema],
  ['POST', `${groups}?ifExists=UPDATE`, schema],
  ['PUT', `${groups}/orders.order.v1-value`, schema],
  ['DELETE', `${groups}/orders.order.v1-value`],
  ['POST', `${v3}/groups/default/artifacts`, artifact],
  ['POST', `${v3}/groups/cdc/artifacts`, artifact],
  ['POST', `${v3}/groups`, { groupId: 'rights' }],
  ['DELETE', `${v3}/groups/default`],
  [
    'PUT',
    `${v3}/admin/config/properties/apicurio.rest.deletion.artifact.enabled`,
    { value: 'true' },
  ],
  ['POST', `${v3}/admin/rules`, { ruleType: 'COMPATIBILITY', config: 'NONE' }],
  ['POST', `${v3}/admin/rules`, { ruleType: 'VALIDITY', config: 'NONE' }],
])(
  '%s %s is refused to everybody but the publisher, Connect included',
  async (method, path, body) => {
    const base = stack.endpoints.registryUrl.replace('/apis/ccompat/v7', '')
    const login = (name: 'connect' | 'reader' | 'admin') =>
      httpLogin(stack.context.secrets.fileOf(name))()
    const asked = async (authorization: object) => {
      const { status } = await fetch(`${base}${path}`, {
        method,
        headers: { 'content-type': 'application/json', ...authorization },
        ...(body && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(10_000),
      })
      return status
    }
    expect(await asked({})).toBe(401)
    for (const name of ['reader', 'admin'] as const) {
      expect(await asked({ authorization: await login(name) }), name).toBe(401)
    }
    expect(await asked({ authorization: await login('connect') })).toBe(403)
  },
)

/** With node:http, since `fetch` changes an address with dots. */
function statusOf(path: string): Promise<number> {
  const { hostname, port } = new URL(stack.endpoints.flinkUrl)
  return new Promise((resolve, reject) => {
    const asked = request({ hostname, port, path, timeout: 10_000 }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    asked.once('error', reject)
    asked.end()
  })
}

describe('a job is not cancelled without a login', () => {
  test.each([
    ['by an address that cancels when it is read', '/yarn-cancel'],
    ['by the other one', '/yarn-stop'],
    ['by one that is encoded', '/%79arn-cancel'],
    ['by one that is encoded twice, as Flink decodes it', '/%2579arn-cancel'],
    ['by one with dots', '/./yarn-cancel'],
  ])('%s', async (_, end) => {
    const [job] = await listJobs(stack.endpoints.flinkUrl)
    for (const prefix of ['', '/v1']) {
      expect(await statusOf(`${prefix}/jobs/${job?.id}${end}`)).toBe(401)
    }
  })
})
