import portTable from '../ports.json' with { type: 'json' }
import { InstanceError } from './errors.ts'
import { instanceRecordFile, readJsonFile, stateFolderOf } from './instance.ts'

/** Where a verb that is told nothing else finds the parts of an instance of the native stack. */
export type InstanceEndpoints = {
  readonly brokers: string
  readonly registryUrl: string
  readonly catalogUrl: string
  readonly flinkUrl: string
  readonly gatewayUrl: string
  readonly ordersUrl: string
  readonly auditorUrl: string
  /** Of Flink's checkpoints and savepoints. */
  readonly stateFolder: string
}

/**
 * Reads the launcher's ports, moved by the offset with which the instance was started last.
 *
 * @param portOffset instead of the remembered one.
 * @throws InstanceError when what the launcher remembers of the instance cannot be read.
 */
export function instanceEndpoints(instance: string, portOffset?: number): InstanceEndpoints {
  const offset = portOffset ?? rememberedOffset(instance)
  const at = (component: keyof typeof portTable) => `127.0.0.1:${portTable[component] + offset}`
  return {
    brokers: at('kafka'),
    registryUrl: `http://${at('registry')}/apis/ccompat/v7`,
    catalogUrl: `http://${at('catalog')}`,
    flinkUrl: `http://${at('flinkRest')}`,
    gatewayUrl: `http://${at('sqlGateway')}`,
    ordersUrl: `http://${at('orders')}`,
    auditorUrl: `http://${at('auditor')}`,
    stateFolder: `${stateFolderOf(instance)}/data/flink`,
  }
}

/** The launcher writes the offset when it starts an instance; one that never was started is at 0. */
function rememberedOffset(instance: string): number {
  const file = instanceRecordFile(instance)
  const record = readJsonFile(file)
  if (record === undefined) return 0
  if (typeof record === 'object' && record !== null && 'portOffset' in record) {
    if (Number.isSafeInteger(record.portOffset)) return Number(record.portOffset)
  }
  throw new InstanceError(`${file} has no port offset: npm run stack -- up writes it anew`)
}
