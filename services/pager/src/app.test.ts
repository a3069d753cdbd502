import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildServer } from '@tenseams/service/server'
import { openToAll } from '@tenseams/service/testing/access'
import { openMetrics } from '@tenseams/telemetry/metrics'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pageRoutes } from './app.ts'
import { PageFile } from './page-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'tenseams-pager-'))
let pages: PageFile
let server: ReturnType<typeof buildServer>

beforeAll(async () => {
  pages = await PageFile.open({ file: join(folder, 'pages.jsonl'), most: 10 })
  server = buildServer({
    ...{ name: 'pager', logLevel: 'silent', metrics: openMetrics('pager'), ready: {} },
    access: openToAll('POST /notifications', 'GET /pages'),
  })
  pageRoutes(server, pages)
})

afterAll(async () => {
  await server.close()
  await pages.close()
  rmSync(folder, { recursive: true })
})

const alert = {
  status: 'firing',
  labels: { alertname: 'ServiceDown', severity: 'page', job: 'payments' },
  annotations: { summary: 'payments has not answered a scrape for a minute' },
  startsAt: '2026-11-30T12:00:00Z',
  endsAt: '0001-01-01T00:00:00Z',
  fingerprint: 'f',
}

/** As Alertmanager 0.25 sends it; `generatorURL` and the common labels are not kept. */
const notification = {
  receiver: 'page',
  status: 'firing',
  alerts: [{ ...alert, generatorURL: 'http://127.0.0.1/graph' }],
  groupLabels: { alertname: 'ServiceDown' },
  commonLabels: {},
  commonAnnotations: {},
  externalURL: 'http://127.0.0.1',
  version: '4',
  groupKey: '{}:{alertname="ServiceDown"}',
  truncatedAlerts: 0,
}

const post = (payload: object) => server.inject({ method: 'POST', url: '/notifications', payload })

describe('the pager', () => {
  test('keeps what Alertmanager sends, and shows it', async () => {
    expect((await post(notification)).statusCode).toBe(204)
    const { pages: kept } = (await server.inject({ method: 'GET', url: '/pages?limit=1' })).json()
    expect(kept).toEqual([
      {
        receivedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
        ...{ receiver: 'page', status: 'firing', groupKey: notification.groupKey },
        ...{ alerts: [alert], truncatedAlerts: 0 },
      },
    ])
  })

  test.each([
    ['another version of the webhook', { ...notification, version: '5' }],
    ['no alerts', { ...notification, alerts: undefined }],
    ['an alert without labels', { ...notification, alerts: [{ ...alert, labels: undefined }] }],
  ])('refuses %s, so that Alertmanager counts it as not delivered', async (_what, payload) => {
    expect((await post(payload)).statusCode).toBe(400)
  })
})
