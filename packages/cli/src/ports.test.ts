import { describe, expect, test } from 'vitest'
import { InstanceError } from './errors.ts'
import { portNames, portsAt } from './ports.ts'

describe('the ports of an instance', () => {
  test('are all moved by the offset', () => {
    const [base, moved] = [portsAt(0), portsAt(300)]
    expect(portNames.map((name) => moved[name] - base[name])).toEqual(portNames.map(() => 300))
  })

  test('never overlap with those of another instance', () => {
    const ports = [0, 100, 200].flatMap((offset) => Object.values(portsAt(offset)))
    expect(new Set(ports).size).toBe(ports.length)
  })

  test('stay below the range from which Linux takes the ports of clients', () => {
    expect(Math.max(...Object.values(portsAt(10_000)))).toBeLessThan(32_768)
  })

  test.each([50, -100, 10_100, 1.5, Number.NaN])('cannot be moved by %s', (offset) => {
    expect(() => portsAt(offset)).toThrow(InstanceError)
  })
})
