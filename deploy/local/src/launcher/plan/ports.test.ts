import { describe, expect, test } from 'vitest'
import { placesOf } from '../host/paths.ts'
import { endpointsOf, portNames, portsAt } from './ports.ts'

describe('the ports of an instance', () => {
  test('are all moved by the offset', () => {
    const [base, moved] = [portsAt(0), portsAt(300)]
    expect(portNames.map((name) => moved[name] - base[name])).toEqual(portNames.map(() => 300))
  })

  test('never meet those of another instance', () => {
    const ports = [0, 100, 200].flatMap((offset) => Object.values(portsAt(offset)))
    expect(new Set(ports).size).toBe(ports.length)
  })

  test('stay below the range that Linux gives to clients', () => {
    expect(Math.max(...Object.values(portsAt(10_000)))).toBeLessThan(32_768)
  })

  test.each([50, -100, 10_100, 1.5, Number.NaN])('cannot be moved by %s', (offset) => {
    expect(() => portsAt(offset)).toThrow(RangeError)
  })
})

describe('the endpoints of an instance', () => {
  const endpoints = endpointsOf(portsAt(100), placesOf('/project', 'two'))

  test('are on loopback, with the instance own ports and folders', () => {
    expect(endpoints.registryUrl).toBe('http://127.0.0.1:20120/apis/ccompat/v7')
    expect(endpoints.kafkaBrokers).toBe('127.0.0.1:20111')
    expect(endpoints.warehouse).toBe('file:///project/.stack/two/data/warehouse')
  })

  test.each(['', '..', 'a/b', 'Two', '-x'])('are not made for an instance named "%s"', (name) => {
    expect(() => placesOf('/project', name)).toThrow(RangeError)
  })
})
