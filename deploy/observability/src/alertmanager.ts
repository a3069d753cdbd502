import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Profile } from '@tenseams/contracts/slo/windows'
import { parse, stringify } from 'yaml'
import { scaledDuration } from './durations.ts'

const file = join(import.meta.dirname, '../alertmanager.yml')

export type AlertmanagerOptions = {
  readonly profile: Profile
  /** Where notifications go. */
  readonly url: string
  readonly tokenFile: string
}

type Route = {
  readonly receiver: string
  readonly routes?: readonly Route[]
  readonly [setting: string]: unknown
}

type Config = {
  readonly route: Route
  readonly receivers: readonly { readonly name: string }[]
  readonly inhibit_rules: readonly unknown[]
}

/** More alerts of one group than a person reads; how many were left out is said. */
const MOST_ALERTS = 50

const times = ['group_wait', 'group_interval', 'repeat_interval']

/** Alertmanager's settings: alertmanager.yml, with the address of the receivers and the times of the profile. */
export function alertmanagerConfig({ profile, url, tokenFile }: AlertmanagerOptions): string {
  const config: Config = parse(readFileSync(file, 'utf8'))
  const webhook = {
    url,
    send_resolved: true,
    max_alerts: MOST_ALERTS,
    http_config: { authorization: { credentials_file: tokenFile }, follow_redirects: false },
  }
  return stringify({
    ...config,
    route: scaledRoute(config.route, profile),
    receivers: config.receivers.map(({ name }) => ({ name, webhook_configs: [webhook] })),
  })
}

function scaledRoute({ routes = [], ...route }: Route, profile: Profile): object {
  const scaled = Object.entries(route).map(([name, value]) => [
    name,
    times.includes(name) ? scaledDuration(String(value), profile) : value,
  ])
  return {
    ...Object.fromEntries(scaled),
    ...(routes.length > 0 && { routes: routes.map((each) => scaledRoute(each, profile)) }),
  }
}
