import { eventually } from '@tenseams/local/launcher/host/wait'
import { findMonitoring, type Monitoring } from '@tenseams/local/launcher/install/monitoring'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Notified, TestAlertmanager, WORLD } from '../../alerts/alertmanager.ts'
import { type Firing, faults } from '../../alerts/faults.ts'
import { groupsIn, ruleFiles } from '../../alerts/rule-files.ts'
import { rootFolder } from '../../runner/program.ts'

const INSTALL_TIMEOUT_MS = 7 * 60_000
const TIMEOUT_MS = 30_000
const SENTINEL = 'Sentinel'

let programs: Monitoring
let alertmanager: TestAlertmanager
beforeAll(async () => {
  programs = await findMonitoring({ root: rootFolder })
  alertmanager = await TestAlertmanager.start(programs.alertmanager)
  const all = faults.flatMap(({ what, firing }) => firing.map((alert) => inWorld(what, alert)))
  await alertmanager.fire(all)
  const haveCome = () =>
    faults.every(({ what, pages }) => pages.every((name) => pagesOf(what).includes(name)))
  // What has not come by then is what the tests report.
  const waiting = { timeoutMs: TIMEOUT_MS, what: 'the pages' }
  await eventually(haveCome, waiting).catch(() => undefined)
  // Posted later and of the same severity: when it comes, whatever else was to be notified of has come.
  await alertmanager.fire([inWorld(SENTINEL, { alertname: SENTINEL })])
  const isOver = () => pagesOf(SENTINEL).length > 0
  await eventually(isOver, { timeoutMs: TIMEOUT_MS, what: 'the last page' })
}, INSTALL_TIMEOUT_MS)

afterAll(() => alertmanager?.close())

const severities = new Map(
  ruleFiles
    .flatMap(groupsIn)
    .flatMap(({ rules }) => rules)
    .map(({ alert = '', labels }) => [alert, labels?.severity]),
)

function inWorld(world: string, alert: Firing): Firing {
  return { severity: 'page', ...alert, [WORLD]: world }
}

const worldOf = ({ alerts }: Notified) => alerts[0]?.[WORLD]

function pagesOf(world: string): readonly string[] {
  const pages = alertmanager.notified.filter(
    (notified) => notified.receiver === 'page' && worldOf(notified) === world,
  )
  return pages.map(namesIn).toSorted()
}

function namesIn({ alerts }: Notified): string {
  return [...new Set(alerts.map(({ alertname }) => alertname))].toSorted().join(' and ')
}

test.each(faults.map((fault) => [fault.what, fault] as const))(
  '%s makes two pages at most: what is noticed, and the nearest cause',
  (what, { firing, pages }) => {
    for (const { alertname, severity = 'page' } of firing) {
      expect([alertname, severities.get(alertname)]).toEqual([alertname, severity])
    }
    expect(pagesOf(what)).toEqual(pages)
    expect(pages.length).toBeLessThanOrEqual(2)
  },
)

test('all alerts of one name come in one page', () => {
  const page = alertmanager.notified.find(
    (notified) =>
      worldOf(notified) === 'a dead service' && namesIn(notified).includes('ConsumerLagFastBurn'),
  )
  expect(page?.alerts.flatMap(({ group }) => group ?? []).toSorted()).toEqual([
    'payments',
    'payments-shipments',
  ])
})

test('no ticket is a page', () => {
  const paged = alertmanager.notified.filter(({ receiver }) => receiver === 'page')
  expect(paged.flatMap(({ alerts }) => alerts.map(({ severity }) => severity))).not.toContain(
    'ticket',
  )
})
