import { type Profile, profiles } from '@tenseams/contracts/slo/windows'
import { stringify } from 'yaml'

/** How a target lets Prometheus in: by a bearer token, by a name and a password, or without a login. */
export type TargetLogin =
  | { readonly kind: 'bearer'; readonly tokenFile: string }
  | { readonly kind: 'basic'; readonly username: string; readonly passwordFile: string }
  | { readonly kind: 'none' }

export type Target = {
  /** The part's name, which becomes the label `job`. */
  readonly job: string
  /** host:port */
  readonly address: string
  readonly login: TargetLogin
}

export type PrometheusOptions = {
  readonly profile: Profile
  readonly targets: readonly Target[]
  readonly alertmanager: Omit<Target, 'job'>
  readonly ruleFiles: readonly string[]
}

/** A target that shows more than this is not scraped, and `ServiceDown` says so: it would fill Prometheus' memory. */
const bounds = {
  sample_limit: 20_000,
  label_limit: 30,
  label_name_length_limit: 100,
  label_value_length_limit: 500,
  body_size_limit: '16MB',
}

const SCRAPE_TIMEOUT_SECONDS = 5
/** It asks others for up to four seconds, and says which of them has not answered. */
const EXPORTER = 'exporter'

/** Prometheus' settings: every target a job of its own, the rules, and who takes the alerts. */
export function prometheusConfig(options: PrometheusOptions): string {
  const { intervalSeconds, scrapeSeconds } = profiles[options.profile]
  return stringify({
    global: {
      ...scrapeTimes(scrapeSeconds),
      evaluation_interval: `${intervalSeconds}s`,
    },
    rule_files: options.ruleFiles,
    scrape_configs: options.targets.map(({ job, address, login }) => ({
      job_name: job,
      ...(job === EXPORTER && scrapeTimes(Math.max(scrapeSeconds, SCRAPE_TIMEOUT_SECONDS))),
      ...bounds,
      ...loginSettings(login),
      static_configs: [{ targets: [address] }],
    })),
    alerting: {
      alertmanagers: [
        {
          timeout: '5s',
          ...loginSettings(options.alertmanager.login),
          static_configs: [{ targets: [options.alertmanager.address] }],
        },
      ],
    },
  })
}

function scrapeTimes(seconds: number): object {
  const timeout = Math.min(SCRAPE_TIMEOUT_SECONDS, seconds)
  return { scrape_interval: `${seconds}s`, scrape_timeout: `${timeout}s` }
}

function loginSettings(login: TargetLogin): object {
  if (login.kind === 'bearer') return { authorization: { credentials_file: login.tokenFile } }
  if (login.kind === 'none') return {}
  return { basic_auth: { username: login.username, password_file: login.passwordFile } }
}
