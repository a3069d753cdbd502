import { InstanceError } from './errors.ts'
import { instanceRecordFile, readJsonFile, stateFolderOf } from './instance.ts'
import { host, type PortName, portsAt } from './ports.ts'

/** The addresses of an instance's servers. */
export type InstanceEndpoints = {
  readonly brokers: string
  readonly registryUrl: string
  readonly catalogUrl: string
  readonly flinkUrl: string
  readonly gatewayUrl: string
  readonly ordersUrl: string
  readonly paymentsUrl: string
  readonly auditorUrl: string
  readonly connectUrl: string
  readonly zipkinUrl: string
  /** The folder of Flink's checkpoints and savepoints. */
  readonly stateFolder: string
}

/**
 * The addresses of an instance: the ports of ports.json plus the port offset.
 *
 * @param portOffset when left out, the offset of the instance's last start.
 * @throws InstanceError when the name or the offset is invalid, or the record of the last start cannot be read.
 */
export function instanceEndpoints(instance: string, portOffset?: number): InstanceEndpoints {
  const ports = portsAt(portOffset ?? rememberedOffset(instance))
  const at = (name: PortName) => `${host}:${ports[name]}`
  return {
    brokers: at('kafka'),
    registryUrl: `http://${at('registry')}/apis/ccompat/v7`,
    catalogUrl: `http://${at('catalog')}`,
    flinkUrl: `http://${at('flinkRest')}`,
    gatewayUrl: `http://${at('sqlGateway')}`,
    ordersUrl: `http://${at('orders')}`,
    paymentsUrl: `http://${at('payments')}`,
    connectUrl: `http://${at('connect')}`,
    auditorUrl: `http://${at('auditor')}`,
    zipkinUrl: `http://${at('zipkin')}`,
    stateFolder: `${stateFolderOf(instance)}/data/flink`,
  }
}

/** The launcher writes the offset whenever it starts an instance. Without a record, the offset is 0. */
function rememberedOffset(instance: string): number {
  const file = instanceRecordFile(instance)
  const record = readJsonFile(file)
  if (record === undefined) return 0
  if (typeof record === 'object' && record !== null && 'portOffset' in record) {
    if (Number.isSafeInteger(record.portOffset)) return Number(record.portOffset)
  }
  throw new InstanceError(
    `${file} has no port offset; \`npm run stack -- up\` writes the file anew`,
  )
}
