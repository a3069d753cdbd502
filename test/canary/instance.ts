import { join } from 'node:path'
import { host } from '@tenseams/cli/ports'
import { askConnect } from '@tenseams/debezium/connect-api'
import { listJobs } from '@tenseams/flink-jobs/flink/cluster'
import { authorizationIn } from '@tenseams/identities/authorization'
import type { Credentials, Secrets } from '@tenseams/identities/credentials'
import { readCredentials } from '@tenseams/identities/credentials'
import { identities } from '@tenseams/identities/identities'
import { statusLines } from '@tenseams/local/launcher/cli/status-view'
import { accepts } from '@tenseams/local/launcher/host/probe'
import { treeOf } from '@tenseams/local/launcher/host/procfs'
import type { TestStack } from '../support/stack.ts'
import { formsOf, type Needle } from './forms.ts'
import { leaksInTopics } from './kafka-log.ts'
import { leaksInAnswer, leaksInFolder, leaksInProcesses } from './places.ts'
import { distinct, type Leak, leaksIn } from './search.ts'

/** Every secret of every identity of an instance, in all its forms. */
export async function needlesOf({ secrets }: TestStack): Promise<readonly Needle[]> {
  const all = await Promise.all(identities.map(({ name }) => readCredentials(secrets.fileOf(name))))
  return all.flatMap((credentials) => [
    ...needlesIn(credentials.identity, credentials),
    ...needlesIn(`${credentials.identity}, next`, credentials.next ?? {}),
  ])
}

function needlesIn(whose: string, { kafka, postgres = {}, token }: Secrets | Credentials) {
  return [
    ...(kafka === undefined ? [] : formsOf(`${whose} kafka`, kafka.password)),
    ...Object.entries(postgres).flatMap(([role, password]) =>
      formsOf(`${whose} ${role}`, password),
    ),
    ...(token === undefined ? [] : formsOf(`${whose} token`, token)),
  ]
}

/**
 * Every secret that lies where somebody other than its owner may see it: in logs and other files, arguments and environments,
 * what `stack status` says, metrics, Connect's and Flink's answers, dead letters.
 */
export async function leaksOf(
  stack: TestStack,
  needles: readonly Needle[],
): Promise<readonly Leak[]> {
  const { paths } = stack.context
  const status = await stack.status()
  const pids = status.flatMap(({ pid }) => (pid === undefined ? [] : treeOf(pid)))
  return distinct([
    ...leaksInFolder(paths.state, needles, (path) => isStored(path, paths.data)),
    ...leaksInTopics(join(paths.data, 'kafka', 'log'), isSearchedTopic, needles),
    ...leaksInProcesses(pids, needles),
    ...leaksIn('stack status', statusLines(status).join('\n') + JSON.stringify(status), needles),
    ...(await leaksInMetrics(stack, needles)),
    ...(await leaksInConnect(stack, needles)),
    ...(await leaksInFlink(stack, needles)),
  ])
}

/** The servers' own stores. Kafka's is searched by topics; Postgres' and the lake's hold no text of a log or a setting. */
function isStored(path: string, data: string): boolean {
  return ['kafka', 'postgres', 'warehouse'].some((name) => path === join(data, name))
}

/** What failed, and what Connect remembers of its connectors: their configurations, and the traces of their failures. */
function isSearchedTopic(topic: string): boolean {
  return topic.endsWith('.dead-letter') || ['connect.configs', 'connect.status'].includes(topic)
}

async function leaksInMetrics(
  { endpoints, secrets, context: { ports } }: TestStack,
  needles: readonly Needle[],
): Promise<readonly Leak[]> {
  const { ordersUrl, paymentsUrl, fulfilmentUrl, pulseUrl, lakehouseUrl } = endpoints
  const { auditorUrl, exporterUrl } = endpoints
  const services = [
    ...[ordersUrl, paymentsUrl, fulfilmentUrl, pulseUrl],
    ...[lakehouseUrl, auditorUrl, exporterUrl],
  ]
  const flink = await listening([ports.flinkJobManagerMetrics, ports.flinkTaskManagerMetrics])
  const urls = [
    ...[...services, endpoints.paymentProviderUrl].map((url) => `${url}/metrics`),
    ...flink.map((port) => `http://${host}:${port}/metrics`),
  ]
  const asExporter = await authorizationIn(secrets.fileOf('exporter'))
  return (await Promise.all(urls.map((url) => leaksInAnswer(url, needles, asExporter)))).flat()
}

/** Flink opens those of its reporters only where it has them. */
async function listening(all: readonly number[]): Promise<readonly number[]> {
  const answers = await Promise.all(all.map((port) => accepts(host, port)))
  return all.filter((_, index) => answers[index])
}

async function leaksInConnect(
  { endpoints }: TestStack,
  needles: readonly Needle[],
): Promise<readonly Leak[]> {
  const ofConnectors = ['outbox', 'cdc'].flatMap((name) =>
    ['', '/config', '/status', '/tasks', '/offsets', '/topics'].map(
      (what) => `/connectors/${name}${what}`,
    ),
  )
  const paths = [
    '/',
    '/connectors?expand=info&expand=status',
    '/connector-plugins',
    ...ofConnectors,
  ]
  const answers = await Promise.all(paths.map((path) => askConnect(endpoints, path)))
  return answers.flatMap(({ status, text }, index) => {
    if (status !== 200) throw new Error(`Connect answers ${status} to ${paths[index]}: ${text}`)
    return leaksIn(`Connect's ${paths[index]}`, text, needles)
  })
}

/** What Flink shows of its settings, and of its jobs, whose tables are made by SQL. */
async function leaksInFlink(
  { endpoints: { flinkUrl } }: TestStack,
  needles: readonly Needle[],
): Promise<readonly Leak[]> {
  const ofJobs = (await listJobs(flinkUrl)).flatMap(({ id }) =>
    ['', '/plan', '/config', '/exceptions'].map((what) => `/jobs/${id}${what}`),
  )
  const paths = ['/jobmanager/config', '/jobmanager/environment', ...ofJobs]
  return (
    await Promise.all(paths.map((path) => leaksInAnswer(`${flinkUrl}${path}`, needles)))
  ).flat()
}
