import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { eventually } from '@tenseams/local/launcher/host/wait'
import { alertmanagerConfig } from '@tenseams/observability/alertmanager'
import { parse, stringify } from 'yaml'
import type { Firing } from './faults.ts'

/** What an Alertmanager has notified somebody of. */
export type Notified = { readonly receiver: string; readonly alerts: readonly Firing[] }

/** The label by which alerts of one world are kept apart from those of another. */
export const WORLD = 'world'

/**
 * An Alertmanager with the settings of drills, in which alerts with different labels `world` never meet: they are in other groups and
 * leave out no alert of each other. So all faults can be tried at once.
 */
export class TestAlertmanager {
  readonly #child: ChildProcess
  readonly #folder: string
  readonly #url: string
  readonly #receiver: ReturnType<typeof createServer>
  readonly notified: Notified[]

  private constructor(parts: {
    readonly child: ChildProcess
    readonly folder: string
    readonly url: string
    readonly receiver: ReturnType<typeof createServer>
    readonly notified: Notified[]
  }) {
    this.#child = parts.child
    this.#folder = parts.folder
    this.#url = parts.url
    this.#receiver = parts.receiver
    this.notified = parts.notified
  }

  /** @param command the beginning of Alertmanager's. */
  static async start([program = '', ...first]: readonly string[]): Promise<TestAlertmanager> {
    const notified: Notified[] = []
    const receiver = createServer((request, response) => {
      take(request, notified).then(
        () => response.writeHead(204).end(),
        (error: unknown) => response.writeHead(400).end(String(error)),
      )
    })
    const folder = mkdtempSync(join(tmpdir(), 'tenseams-alertmanager-'))
    const tokenFile = join(folder, 'token')
    writeFileSync(tokenFile, 'token')
    const config = join(folder, 'alertmanager.yml')
    const target = `http://127.0.0.1:${await listen(receiver)}/`
    writeFileSync(
      config,
      inWorlds(alertmanagerConfig({ profile: 'drill', url: target, tokenFile })),
    )
    const address = `127.0.0.1:${await freePort()}`
    const child = spawn(
      program,
      [
        ...first,
        ...[`--config.file=${config}`, `--storage.path=${join(folder, 'data')}`],
        ...[`--web.listen-address=${address}`, '--cluster.listen-address=', '--log.level=error'],
      ],
      { stdio: 'ignore' },
    )
    const started = new TestAlertmanager({
      ...{ child, folder, receiver, notified },
      url: `http://${address}`,
    })
    const isReady = async () => (await fetch(`http://${address}/-/ready`)).ok
    await eventually(isReady, { timeoutMs: 30_000, what: 'Alertmanager to be ready' })
    return started
  }

  /** Alerts begin to fire, in one request. */
  async fire(alerts: readonly Firing[]): Promise<void> {
    const endsAt = new Date(Date.now() + 600_000).toISOString()
    const response = await fetch(`${this.#url}/api/v2/alerts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(alerts.map((labels) => ({ labels, endsAt }))),
      signal: AbortSignal.timeout(10_000),
    })
    if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`)
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.kill('SIGTERM')
    await ended
    this.#receiver.closeAllConnections()
    this.#receiver.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

async function take(request: IncomingMessage, notified: Notified[]): Promise<void> {
  const { receiver, alerts } = (await json(request)) as {
    readonly receiver: string
    readonly alerts: readonly { readonly labels: Firing }[]
  }
  notified.push({ receiver, alerts: alerts.map(({ labels }) => labels) })
}

type Settings = {
  readonly route: Route
  readonly inhibit_rules: readonly { readonly equal?: readonly string[] }[]
}

type Route = { readonly group_by?: readonly string[]; readonly routes?: readonly Route[] }

function inWorlds(config: string): string {
  const { route, inhibit_rules: rules, ...rest }: Settings = parse(config)
  return stringify({
    ...rest,
    route: routeInWorlds(route),
    inhibit_rules: rules.map((rule) => ({ ...rule, equal: [...(rule.equal ?? []), WORLD] })),
  })
}

/** A route without groups of its own has those of the route above. */
function routeInWorlds({ group_by: groups, routes = [], ...route }: Route): object {
  return {
    ...route,
    ...(groups !== undefined && { group_by: [...groups, WORLD] }),
    routes: routes.map(routeInWorlds),
  }
}

async function listen(server: ReturnType<typeof createServer>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

async function freePort(): Promise<number> {
  const server = createServer()
  const port = await listen(server)
  await new Promise((resolve) => server.close(resolve))
  return port
}
