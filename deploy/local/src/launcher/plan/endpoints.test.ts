import { InstanceError } from '@tenseams/cli/errors'
import { portsAt } from '@tenseams/cli/ports'
import { describe, expect, test } from 'vitest'
import { pathsOf } from '../host/paths.ts'
import { endpointsOf } from './endpoints.ts'

describe('the endpoints of an instance', () => {
  const endpoints = endpointsOf(portsAt(100), pathsOf('/project', 'two'))

  test("are on loopback, with the instance's own ports and folders", () => {
    expect(endpoints.registryUrl).toBe('http://127.0.0.1:20120/apis/ccompat/v7')
    expect(endpoints.kafkaBrokers).toBe('127.0.0.1:20111')
    expect(endpoints.warehouse).toBe('file:///project/.stack/two/data/warehouse')
  })

  test.each(['', '..', 'a/b', 'Two', '-x'])('are refused for an instance named "%s"', (name) => {
    expect(() => pathsOf('/project', name)).toThrow(InstanceError)
  })
})
