import { authorizationIn } from '@tenseams/identities/authorization'
import { httpLogin } from '@tenseams/identities/http-login'
import type { IdentityName } from '@tenseams/identities/identities'
import { treeOf } from '@tenseams/local/launcher/host/procfs'
import { listeners } from '@tenseams/local/launcher/host/sockets'
import { eventually } from '@tenseams/local/launcher/host/wait'
import { identityNamed, rotateIdentity } from '@tenseams/local/launcher/rotate/rotate-identity'
import type { Stack } from '@tenseams/local/launcher/supervise/stack'
import type { Page } from '@tenseams/pager/notification'
import { expect, test } from 'vitest'
import { nameOf, probing, type RouteCell, routeCells, verdictOf } from '../../access/route-cells.ts'
import { exposedSockets } from '../../support/exposure.ts'
import { withOwnStack } from '../../support/own-stack.ts'
import { differing } from '../../support/rights/differing.ts'

const TIMEOUT_MS = 10 * 60_000
const WAIT_MS = 60_000

/** Nothing but Prometheus, Alertmanager and the pager, so that every other target is a dead service. */
test(
  'what fires in Prometheus is a page at the pager, and nobody gets in without a login',
  () => withOwnStack(['prometheus'], watch, { alerts: 'drill' }, 'ops'),
  TIMEOUT_MS,
)

async function watch(stack: Stack): Promise<void> {
  await deadServicesArePaged(stack)
  await logins(stack)
  await routesOfThePager(stack)
  await socketsAreOnLoopback(stack)
  await rotation(stack)
}

const addressOf = ({ context }: Stack, name: 'prometheus' | 'alertmanager' | 'pager') =>
  `http://127.0.0.1:${context.ports[name]}`

async function deadServicesArePaged(stack: Stack): Promise<void> {
  const { authorization } = await authorizationIn(stack.secrets.fileOf('reader'))
  const pages = async (): Promise<readonly Page[]> => {
    const response = await fetch(`${addressOf(stack, 'pager')}/pages`, {
      headers: { authorization },
    })
    return ((await response.json()) as { readonly pages: readonly Page[] }).pages
  }
  const find = async (receiver: string, alertname: string) =>
    (await pages()).find(
      (page) => page.receiver === receiver && page.alerts[0]?.labels['alertname'] === alertname,
    )
  // The first page may have only those that were scraped first.
  const findPayments = async () => {
    const page = await find('page', 'ServiceDown')
    return page?.alerts.find(({ labels }) => labels['part'] === 'payments')
  }
  const alert = await eventually(findPayments, {
    ...{ timeoutMs: WAIT_MS, what: 'a page about dead services, payments among them' },
  })
  expect(alert.annotations['runbook_url']).toBe('runbooks/ServiceDown.md')
  await eventually(() => find('watchdog', 'Watchdog'), {
    ...{ timeoutMs: WAIT_MS, what: 'the watchdog' },
  })
}

async function logins(stack: Stack): Promise<void> {
  const statusOf = async (url: string, name?: IdentityName) => {
    const authorization = name && (await httpLogin(stack.secrets.fileOf(name))())
    return (await fetch(url, authorization ? { headers: { authorization } } : {})).status
  }
  const query = `${addressOf(stack, 'prometheus')}/api/v1/query?query=up`
  const silences = `${addressOf(stack, 'alertmanager')}/api/v2/silences`
  expect([await statusOf(query), await statusOf(query, 'payments')]).toEqual([401, 401])
  expect([await statusOf(silences), await statusOf(silences, 'reader')]).toEqual([401, 401])
  expect([await statusOf(query, 'reader'), await statusOf(silences, 'operator')]).toEqual([
    200, 200,
  ])
  // A browser asks first whether a page of another origin may write. Without a login it is not told that it may.
  const asked = await fetch(silences, {
    method: 'OPTIONS',
    headers: {
      origin: 'https://evil.example',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type',
    },
  })
  expect([asked.status, asked.headers.get('access-control-allow-origin')]).toEqual([401, null])
}

async function routesOfThePager(stack: Stack): Promise<void> {
  const ask = async (cell: RouteCell) => {
    const file = stack.secrets.fileOf(cell.identity as IdentityName)
    const { authorization } = await authorizationIn(file).catch(() => ({
      authorization: undefined,
    }))
    const { path, ...sent } = probing(cell, authorization?.replace('Bearer ', ''))
    return verdictOf((await fetch(addressOf(stack, 'pager') + path, sent)).status)
  }
  const cells = routeCells().filter(
    ({ service, identity }) => service === 'pager' && isNamed(identity),
  )
  expect(cells.length).toBeGreaterThan(40)
  expect(await differing(cells, ask, nameOf)).toEqual([])
}

function isNamed(identity: string): boolean {
  return !['nobody', 'stranger'].includes(identity)
}

async function socketsAreOnLoopback(stack: Stack): Promise<void> {
  const owners = new Map<number, string>()
  for (const { name, pid } of await stack.status()) {
    for (const member of pid === undefined ? [] : treeOf(pid)) owners.set(member, name)
  }
  const sockets = listeners()
  expect(exposedSockets(sockets, owners)).toEqual([])
  const listening = new Set(sockets.map(({ pid }) => owners.get(pid ?? -1)))
  expect([...listening]).toEqual(expect.arrayContaining(['alertmanager', 'pager', 'prometheus']))
}

/** Prometheus logs in with its new token, to itself and to the pager, without a restart. */
async function rotation(stack: Stack): Promise<void> {
  await rotateIdentity(stack, identityNamed('prometheus'))
  const rotatedAt = Date.now() / 1_000
  const authorization = await httpLogin(stack.secrets.fileOf('reader'))()
  const scraped = async () => {
    const query = encodeURIComponent('timestamp(up{job=~"prometheus|alertmanager|pager"} == 1)')
    const url = `${addressOf(stack, 'prometheus')}/api/v1/query?query=${query}`
    const { data } = (await (await fetch(url, { headers: { authorization } })).json()) as Answer
    const times = data.result.map(({ value }) => Number(value[1]))
    return times.length === 3 && times.every((time) => time > rotatedAt)
  }
  await eventually(scraped, { timeoutMs: WAIT_MS, what: 'scrapes after the rotation' })
}

type Answer = {
  readonly data: { readonly result: readonly { readonly value: readonly string[] }[] }
}
