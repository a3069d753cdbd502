import portTable from '../ports.json' with { type: 'json' }
import { InstanceError } from './errors.ts'

export type PortName = keyof typeof portTable
export type Ports = Readonly<Record<PortName, number>>

export const portNames = Object.keys(portTable).filter(isPortName)

/** Every server of an instance listens on this address only. */
export const host = '127.0.0.1'

const LARGEST_OFFSET = 10_000

function isPortName(name: string): name is PortName {
  return Object.hasOwn(portTable, name)
}

/**
 * The ports of an instance: those of ports.json plus the offset.
 *
 * @param offset 0 for the instance `default`; a multiple of 100 up to 10 000, so that no two instances overlap.
 * @throws InstanceError when the offset is anything else.
 */
export function portsAt(offset: number): Ports {
  if (!Number.isInteger(offset) || offset % 100 !== 0 || offset < 0 || offset > LARGEST_OFFSET) {
    throw new InstanceError(`the port offset is a multiple of 100 from 0 to ${LARGEST_OFFSET}`)
  }
  const ports = { ...portTable }
  for (const name of portNames) ports[name] += offset
  return ports
}
