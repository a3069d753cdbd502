import portTable from '@tenseams/cli/ports.json' with { type: 'json' }
import type { Places } from '../host/paths.ts'

export type PortName = keyof typeof portTable
export type Ports = Readonly<Record<PortName, number>>

export const portNames = Object.keys(portTable).filter(isPortName)

/** Everything of an instance listens here and nowhere else. */
export const host = '127.0.0.1'

const MAX_OFFSET = 10_000

function isPortName(name: string): name is PortName {
  return Object.hasOwn(portTable, name)
}

/**
 * The ports of an instance: those of ports.json, moved by the offset.
 *
 * @param offset 0 for the instance `default`; a multiple of 100 up to 10 000, so that no two instances overlap.
 * @throws RangeError when the offset is anything else.
 */
export function portsAt(offset: number): Ports {
  if (!Number.isInteger(offset) || offset % 100 !== 0 || offset < 0 || offset > MAX_OFFSET) {
    throw new RangeError(`the port offset is a multiple of 100 from 0 to ${MAX_OFFSET}`)
  }
  const ports = { ...portTable }
  for (const name of portNames) ports[name] += offset
  return ports
}

/** Where other programs find the parts of an instance. */
export type Endpoints = {
  readonly ordersUrl: string
  readonly paymentsUrl: string
  readonly paymentProviderUrl: string
  readonly fulfilmentUrl: string
  readonly lakehouseUrl: string
  readonly pulseUrl: string
  readonly auditorUrl: string
  readonly postgres: { readonly host: string; readonly port: number }
  /** host:port */
  readonly kafkaBrokers: string
  /** With the path of the Confluent API. */
  readonly registryUrl: string
  readonly connectUrl: string
  readonly catalogUrl: string
  readonly flinkUrl: string
  readonly sqlGatewayUrl: string
  /** file:// */
  readonly warehouse: string
  /** file:// */
  readonly checkpoints: string
  /** file:// */
  readonly savepoints: string
}

/** Derives every endpoint of an instance from its ports and folders. */
export function endpointsOf(ports: Ports, places: Places): Endpoints {
  const url = (name: PortName) => `http://${host}:${ports[name]}`
  return {
    ordersUrl: url('orders'),
    paymentsUrl: url('payments'),
    paymentProviderUrl: url('paymentProvider'),
    fulfilmentUrl: url('fulfilment'),
    lakehouseUrl: url('lakehouse'),
    pulseUrl: url('pulse'),
    auditorUrl: url('auditor'),
    postgres: { host, port: ports.postgres },
    kafkaBrokers: `${host}:${ports.kafka}`,
    registryUrl: `${url('registry')}/apis/ccompat/v7`,
    connectUrl: url('connect'),
    catalogUrl: url('catalog'),
    flinkUrl: url('flinkRest'),
    sqlGatewayUrl: url('sqlGateway'),
    warehouse: `file://${places.warehouse}`,
    checkpoints: `file://${places.checkpoints}`,
    savepoints: `file://${places.savepoints}`,
  }
}
