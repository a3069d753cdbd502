import { mkdir } from 'node:fs/promises'
import { host } from '@tenseams/cli/ports'
import type { Target } from '@tenseams/observability/prometheus'
import { answersOk } from '../launcher/host/probe.ts'
import { findMonitoring } from '../launcher/install/monitoring.ts'
import {
  basicLogin,
  monitoringFiles,
  writeAlertmanagerFiles,
  writeMonitoringLogins,
  writePrometheusFiles,
} from '../launcher/install/monitoring-files.ts'
import type { Component, Context, Part } from '../launcher/plan/part.ts'
import { opsOnly } from '../launcher/plan/profiles.ts'
import { scrapeTargets } from '../launcher/plan/scrape-targets.ts'

/** Longer than an objective is measured, so that its budget is known; and no more than fits beside the rest. */
const RETENTION_TIME = '32d'
const RETENTION_SIZE = '512MB'

/** Go's garbage collector works harder before a process is larger than this. */
const memoryLimit = (megabytes: number) => ({ GOMEMLIMIT: `${megabytes}MiB`, GOGC: '50' })

const common = {
  kind: 'component',
  profiles: opsOnly,
  readyTimeoutMs: 60_000,
  stopSignal: 'SIGTERM',
  stopTimeoutMs: 15_000,
} as const

const addressOf = ({ ports }: Context, name: 'prometheus' | 'alertmanager') =>
  `${host}:${ports[name]}`

/** Groups and inhibits what Prometheus sends, and notifies the pager. */
export const alertmanager: Component = {
  ...common,
  name: 'alertmanager',
  title: 'Alertmanager',
  needs: ['pager'],
  ports: ['alertmanager'],
  url: (context) => `http://${addressOf(context, 'alertmanager')}`,
  prepare: async (context) => {
    const { paths, settings, ports } = context
    await mkdir(monitoringFiles(paths).data('alertmanager'), { recursive: true })
    await writeAlertmanagerFiles(paths, settings, `http://${host}:${ports.pager}/notifications`)
    await writeMonitoringLogins(context)
  },
  command: async (context) => {
    const files = monitoringFiles(context.paths)
    const address = addressOf(context, 'alertmanager')
    const [file = '', ...first] = (await findMonitoring(context.paths)).alertmanager
    return {
      file,
      arguments: [
        ...first,
        `--config.file=${files.config('alertmanager')}`,
        `--storage.path=${files.data('alertmanager')}`,
        '--data.retention=120h',
        `--web.listen-address=${address}`,
        `--web.external-url=http://${address}/`,
        `--web.config.file=${files.logins('alertmanager')}`,
        '--web.timeout=30s',
        '--web.get-concurrency=4',
        // No other Alertmanager: otherwise it listens on every interface for them.
        '--cluster.listen-address=',
      ],
      environment: memoryLimit(40),
    }
  },
  isReady: (context) => isReady(context, 'alertmanager'),
}

/** Scrapes every part that shows metrics, and evaluates the rules of deploy/observability. Nothing needs it. */
export const prometheus: Component = {
  ...common,
  name: 'prometheus',
  title: 'Prometheus 2, metrics and alerts',
  needs: ['alertmanager'],
  // A system that is still starting has faults that nobody is to be called for.
  isLast: true,
  ports: ['prometheus'],
  url: (context) => `http://${addressOf(context, 'prometheus')}`,
  prepare: async (context) => {
    const { paths, settings } = context
    await mkdir(monitoringFiles(paths).data('prometheus'), { recursive: true })
    await writePrometheusFiles(paths, settings, {
      targets: targetsOf(context),
      alertmanager: addressOf(context, 'alertmanager'),
    })
    await writeMonitoringLogins(context)
  },
  command: async (context) => {
    const files = monitoringFiles(context.paths)
    const address = addressOf(context, 'prometheus')
    const { prometheus: file, assets } = await findMonitoring(context.paths)
    return {
      file,
      arguments: [
        `--config.file=${files.config('prometheus')}`,
        `--storage.tsdb.path=${files.data('prometheus')}`,
        `--storage.tsdb.retention.time=${RETENTION_TIME}`,
        `--storage.tsdb.retention.size=${RETENTION_SIZE}`,
        `--web.listen-address=${address}`,
        `--web.external-url=http://${address}/`,
        `--web.config.file=${files.logins('prometheus')}`,
        // Its own page only: by default pages of every origin may read.
        `--web.cors.origin=http://${address.replaceAll('.', '[.]')}`,
        '--web.max-connections=64',
        '--query.timeout=30s',
        '--query.max-concurrency=4',
        '--query.max-samples=5000000',
        ...(assets === undefined ? [] : [`--web.local-assets=${assets}`]),
      ],
      environment: memoryLimit(160),
    }
  },
  isReady: (context) => isReady(context, 'prometheus'),
}

/** Whether a part needs the programs of `findMonitoring`. */
export function isMonitoring({ name }: Part): boolean {
  return name === prometheus.name || name === alertmanager.name
}

/** Every part that shows metrics, and the two that watch. */
function targetsOf(context: Context): readonly Target[] {
  const files = monitoringFiles(context.paths)
  const token = { kind: 'bearer', tokenFile: files.token('prometheus') } as const
  const own = basicLogin(files.token('prometheus'))
  return [
    ...scrapeTargets(context.ports).map(({ part, url, needsToken }) => ({
      job: part,
      address: new URL(url).host,
      login: needsToken ? token : ({ kind: 'none' } as const),
    })),
    { job: 'pager', address: `${host}:${context.ports.pager}`, login: token },
    { job: 'prometheus', address: addressOf(context, 'prometheus'), login: own },
    { job: 'alertmanager', address: addressOf(context, 'alertmanager'), login: own },
  ]
}

async function isReady(context: Context, name: 'prometheus' | 'alertmanager'): Promise<boolean> {
  return answersOk(`http://${addressOf(context, name)}/-/ready`, await context.endpoints.login())
}
