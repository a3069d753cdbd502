import { accessOf } from '@tenseams/service/access/open'
import type { App } from '@tenseams/service/run'
import { buildServer, type Server } from '@tenseams/service/server'
import { logOf } from '@tenseams/telemetry/log'
import { openMetrics } from '@tenseams/telemetry/metrics'
import { openTracing } from '@tenseams/telemetry/tracing/open'
import { type Static, Type } from 'typebox'
import { Notification, pageOf } from './notification.ts'
import { PageFile } from './page-file.ts'
import type { Settings } from './settings.ts'

/** A group of fifty alerts, each with some labels and a sentence, is about 50 KB. */
const BODY_LIMIT_BYTES = 1_048_576

const pagesQuery = Type.Object({
  limit: Type.String({ pattern: '^[1-9]\\d{0,2}$', default: '100' }),
})

/**
 * Takes Alertmanager's notifications and keeps them as data: nobody's phone rings, but what would have rung can be read, counted and
 * asserted. Where people are called, Alertmanager has their receiver instead of this one, or beside it.
 *
 * @throws the system's error when the file of pages cannot be used.
 */
export async function buildPager(settings: Settings): Promise<App> {
  const metrics = openMetrics('pager')
  const pages = await PageFile.open({ file: settings.PAGES_FILE, most: settings.MOST_PAGES })
  const tracing = await openTracing('pager', settings)
  const server = buildServer({
    name: 'pager',
    tracing,
    logLevel: settings.LOG_LEVEL,
    allowedHosts: settings.ALLOWED_HOSTS,
    access: accessOf('pager', settings),
    metrics,
    ready: {},
    bodyLimitBytes: BODY_LIMIT_BYTES,
  })
  pageRoutes(server, pages)
  return { server, loops: [], resources: [pages, tracing] }
}

/** `POST /notifications` for Alertmanager, `GET /pages` for readers. */
export function pageRoutes(server: Server, pages: PageFile): void {
  server.post('/notifications', { schema: { body: Notification } }, async (request, reply) => {
    const page = pageOf(request.body as Notification, new Date().toISOString())
    await pages.add(page)
    const { receiver, status, alerts } = page
    const names = [...new Set(alerts.map(({ labels }) => labels['alertname']))]
    logOf(request).info({ receiver, status, alerts: names }, 'notified')
    return reply.code(204).send()
  })
  server.get('/pages', { schema: { querystring: pagesQuery } }, async ({ query }) => {
    const { limit } = query as Static<typeof pagesQuery>
    return { pages: pages.newest(Number(limit)) }
  })
}
