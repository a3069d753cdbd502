import { httpLogin } from '@tenseams/identities/http-login'
import { type IdentityName, identities } from '@tenseams/identities/identities'
import {
  type ServerCell,
  type ServerName,
  type ServerOperations,
  whoLogsIn,
} from '@tenseams/identities/server-rights'
import type { TestStack } from '../stack.ts'

type Request = {
  readonly path: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

type Requests = {
  readonly [Name in keyof ServerOperations]: Readonly<Record<ServerOperations[Name], Request>>
}

const json = { 'content-type': 'application/json' }
const nobody = '00000000000000000000000000000000'
const noSession = '00000000-0000-0000-0000-000000000000'

/**
 * For each operation a request that the server answers with another error than "not permitted" when it may be done, so that
 * nothing is changed: about a subject, a connector, a job or a session that does not exist, or without a body.
 */
const requests: Requests = {
  registry: {
    read: { path: '/apis/ccompat/v7/subjects' },
    register: {
      ...{ method: 'POST', path: '/apis/ccompat/v7/subjects/rights.no-schema-value/versions' },
      ...{ headers: json, body: '{"schema":"{"}' },
    },
    'register-raw-change': {
      ...{ method: 'POST', path: '/apis/registry/v2/groups/cdc/artifacts' },
      headers: {
        ...json,
        'x-registry-artifactid': 'rights.nothing',
        'x-registry-artifacttype': 'AVRO',
      },
    },
    'set-level': {
      ...{ method: 'PUT', path: '/apis/ccompat/v7/config/rights.no-such-subject' },
      ...{ headers: json, body: '{"compatibility":"NO_SUCH_LEVEL"}' },
    },
    delete: { method: 'DELETE', path: '/apis/ccompat/v7/subjects/rights.no-such-subject' },
  },
  connect: {
    read: { path: '/connectors' },
    change: { method: 'PUT', path: '/connectors/rights.no-such-connector/pause' },
  },
  flink: {
    read: { path: '/overview' },
    change: { method: 'PATCH', path: `/jobs/${nobody}?mode=cancel` },
  },
  'sql-gateway': {
    read: { path: `/v2/sessions/${noSession}/operations/${noSession}/status` },
    run: {
      ...{ method: 'POST', path: `/v2/sessions/${noSession}/statements` },
      ...{ headers: json, body: '{"statement":"SELECT 1"}' },
    },
  },
  catalog: {
    read: { path: '/v1/namespaces' },
    change: { method: 'DELETE', path: '/v1/namespaces/rights_no_such_namespace' },
  },
}

/** Tries a cell of the matrix on the running stack, as the identity, or without a login when it has none at that server. */
export function serverProbe({ context, endpoints }: TestStack) {
  const urls = {
    registry: endpoints.registryUrl.replace('/apis/ccompat/v7', ''),
    connect: endpoints.connectUrl,
    flink: endpoints.flinkUrl,
    'sql-gateway': endpoints.sqlGatewayUrl,
    catalog: endpoints.catalogUrl,
  }
  return async ({ target, operation, identity }: ServerCell): Promise<'allowed' | 'denied'> => {
    const all: Readonly<Record<string, Request>> = requests[target]
    const request = all[operation]
    if (request === undefined) throw new Error(`nothing tries ${operation} at ${target}`)
    const { path, headers = {}, ...rest } = request
    const login = await loginOf(identity, target, context)
    const { status } = await fetch(`${urls[target]}${path}`, {
      ...rest,
      headers: { ...headers, ...login },
      signal: AbortSignal.timeout(20_000),
    })
    return status === 401 || status === 403 ? 'denied' : 'allowed'
  }
}

async function loginOf(
  identity: IdentityName | undefined,
  target: ServerName,
  { secrets }: TestStack['context'],
) {
  if (identity === undefined || !hasToken(identity)) return {}
  // The registry does not know who may only read, which asks for no login.
  if (target === 'registry' && !whoLogsIn(target).includes(identity)) return {}
  return { authorization: await httpLogin(secrets.fileOf(identity))() }
}

const hasToken = (name: IdentityName) =>
  identities.some((identity) => identity.name === name && identity.http !== undefined)
