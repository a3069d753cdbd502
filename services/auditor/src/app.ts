import { readTopics } from '@tenseams/contracts/topics'
import { type NeededRights, requireRights } from '@tenseams/kafka/access/rights'
import { accessOf } from '@tenseams/service/access/open'
import { openOwnToken } from '@tenseams/service/access/own-token'
import type { App } from '@tenseams/service/run'
import { buildServer } from '@tenseams/service/server'
import { openMetrics } from '@tenseams/telemetry/metrics'
import { observePools } from '@tenseams/telemetry/readings'
import { openTracing } from '@tenseams/telemetry/tracing/open'
import { type Static, Type } from 'typebox'
import { Auditor } from './audit.ts'
import { eventTopics } from './checks/check.ts'
import { Rounds } from './rounds.ts'
import type { Settings } from './settings.ts'

const auditQuery = Type.Object({
  scope: Type.Union([Type.Literal('all'), Type.Literal('new')], { default: 'all' }),
})

/** What the service does in Kafka. */
const rights: NeededRights = {
  reads: [...eventTopics, ...readTopics().map(({ deadLetter }) => deadLetter)],
  ...{ writes: [], groups: [], transactionalIds: [] },
}

/** The auditor as a service, not listening yet: it audits periodically, and on request. */
export async function buildAuditor(settings: Settings): Promise<App> {
  const metrics = openMetrics('auditor')
  const auditor = await Auditor.open({
    shopUrl: settings.DATABASE_URL,
    providerUrl: settings.PROVIDER_DATABASE_URL,
    credentialsFile: settings.CREDENTIALS_FILE,
    brokers: settings.KAFKA_BROKERS,
    registryUrl: settings.SCHEMA_REGISTRY_URL,
    catalogUrl: settings.CATALOG_URL,
    pulseUrl: settings.PULSE_URL,
    authorization: await openOwnToken(settings.CREDENTIALS_FILE),
    flinkUrl: settings.FLINK_URL,
    graceMs: settings.AUDIT_GRACE_MS,
    silverBehindMs: settings.AUDIT_SILVER_BEHIND_MS,
  })
  observePools(metrics, auditor.pools)
  const tracing = await openTracing('auditor', settings)
  const server = buildServer({
    name: 'auditor',
    tracing,
    logLevel: settings.LOG_LEVEL,
    allowedHosts: settings.ALLOWED_HOSTS,
    access: accessOf('auditor', settings),
    metrics,
    ready: {},
  })
  const { KAFKA_BROKERS: brokers, CREDENTIALS_FILE: credentialsFile } = settings
  await requireRights({ brokers, credentialsFile, clientId: 'auditor', log: server.log }, rights)
  const rounds = new Rounds({
    audit: (scope) => auditor.audit(scope),
    hasNews: () => auditor.hasNews(),
    intervalMs: settings.AUDIT_INTERVAL_MS,
    restIntervalMs: settings.AUDIT_REST_INTERVAL_MS,
    metrics,
    log: server.log,
  })
  server.post('/audits', { schema: { querystring: auditQuery } }, async ({ query }) =>
    rounds.auditNow((query as Static<typeof auditQuery>).scope),
  )
  server.get('/audits/last', async (_request, reply) => rounds.last ?? reply.code(204).send())
  return { server, loops: [rounds], resources: [auditor, tracing] }
}
