import { join } from 'node:path'
import { host, type PortName, type Ports } from '@tenseams/cli/ports'
import { type HttpLogin, httpLogin } from '@tenseams/identities/http-login'
import type { IdentityName } from '@tenseams/identities/identities'
import { credentialsFileIn } from '@tenseams/identities/store'
import type { KafkaAccess } from '@tenseams/kafka/client'
import type { Paths } from '../host/paths.ts'

/** The addresses and folders by which other programs reach the parts of an instance. */
export type Endpoints = {
  readonly ordersUrl: string
  readonly paymentsUrl: string
  readonly legacyUrl: string
  readonly paymentProviderUrl: string
  readonly fulfilmentUrl: string
  readonly lakehouseUrl: string
  readonly pulseUrl: string
  readonly auditorUrl: string
  readonly exporterUrl: string
  readonly postgres: { readonly host: string; readonly port: number }
  /** host:port */
  readonly kafkaBrokers: string
  /** With a file of credentials for each identity. */
  readonly secretsFolder: string
  /** With the path of the Confluent API. */
  readonly registryUrl: string
  readonly connectUrl: string
  readonly catalogUrl: string
  readonly flinkUrl: string
  readonly sqlGatewayUrl: string
  readonly zipkinUrl: string
  /** That of the operator, at Connect, Flink and the SQL gateway. */
  readonly login: HttpLogin
  /** That of the publisher, at the registry. */
  readonly publisherLogin: HttpLogin
  /** A properties file on Connect's machine with what its connectors log in with. */
  readonly connectSecretsFile: string
  /** file:// */
  readonly warehouse: string
  /** file:// */
  readonly checkpoints: string
  /** file:// */
  readonly savepoints: string
}

/** How an identity reaches the instance's broker. */
export function kafkaAs(
  { kafkaBrokers, secretsFolder }: Pick<Endpoints, 'kafkaBrokers' | 'secretsFolder'>,
  identity: IdentityName,
): KafkaAccess & { readonly credentialsFile: string } {
  const credentialsFile = credentialsFileIn({ folder: secretsFolder }, identity)
  return { brokers: kafkaBrokers, credentialsFile }
}

/** Derives every endpoint of an instance from its ports and folders. */
export function endpointsOf(ports: Ports, paths: Paths): Endpoints {
  const url = (name: PortName) => `http://${host}:${ports[name]}`
  const loginOf = (name: IdentityName) =>
    httpLogin(credentialsFileIn({ folder: paths.secrets }, name))
  return {
    ordersUrl: url('orders'),
    paymentsUrl: url('payments'),
    legacyUrl: url('legacy'),
    paymentProviderUrl: url('paymentProvider'),
    fulfilmentUrl: url('fulfilment'),
    lakehouseUrl: url('lakehouse'),
    pulseUrl: url('pulse'),
    auditorUrl: url('auditor'),
    exporterUrl: url('exporter'),
    postgres: { host, port: ports.postgres },
    kafkaBrokers: `${host}:${ports.kafka}`,
    secretsFolder: paths.secrets,
    registryUrl: `${url('registry')}/apis/ccompat/v7`,
    connectUrl: url('connect'),
    catalogUrl: url('catalog'),
    flinkUrl: url('flinkRest'),
    sqlGatewayUrl: url('sqlGateway'),
    zipkinUrl: url('zipkin'),
    login: loginOf('operator'),
    publisherLogin: loginOf('publisher'),
    connectSecretsFile: connectSecretsFile(paths),
    warehouse: `file://${paths.warehouse}`,
    checkpoints: `file://${paths.checkpoints}`,
    savepoints: `file://${paths.savepoints}`,
  }
}

/** Written before each start of Connect. */
export function connectSecretsFile({ run }: Pick<Paths, 'run'>): string {
  return join(run, 'connect-secrets.properties')
}
