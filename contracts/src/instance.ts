import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ContractError } from './errors.ts'

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
 * @throws ContractError when the launcher's files cannot be read.
 */
export function instanceEndpoints(instance: string, portOffset?: number): InstanceEndpoints {
  const ports = numbersIn('deploy/local/ports.json')
  const offset = portOffset ?? rememberedOffset(instance)
  const at = (component: string) => `127.0.0.1:${(ports[component] ?? 0) + offset}`
  return {
    brokers: at('kafka'),
    registryUrl: `http://${at('registry')}/apis/ccompat/v7`,
    catalogUrl: `http://${at('catalog')}`,
    flinkUrl: `http://${at('flinkRest')}`,
    gatewayUrl: `http://${at('sqlGateway')}`,
    ordersUrl: `http://${at('orders')}`,
    auditorUrl: `http://${at('auditor')}`,
    stateFolder: pathOf(`.stack/${instance}/data/flink`),
  }
}

/** The launcher writes the offset when it starts an instance; one that never was is at 0. */
function rememberedOffset(instance: string): number {
  try {
    return numbersIn(`.stack/${instance}/run/instance.json`).portOffset ?? 0
  } catch {
    // Never started: whoever calls will find nobody at the ports, and say so.
    return 0
  }
}

function numbersIn(file: string): Readonly<Record<string, number | undefined>> {
  try {
    return JSON.parse(readFileSync(pathOf(file), 'utf8'))
  } catch (error) {
    throw new ContractError(`${file} cannot be read`, { cause: error })
  }
}

function pathOf(file: string): string {
  return fileURLToPath(new URL(`../../${file}`, import.meta.url))
}
