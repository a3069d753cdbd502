import { faultOf } from '@tenseams/service/fault'
import { expect, test } from 'vitest'
import { errorOf, ProviderRefusedError, ProviderUnavailableError } from './errors.ts'

test.each([200, 201, 409])('an answer of status %i is read', (status) => {
  expect(errorOf(status, '')).toBeUndefined()
})

test.each([302, 401, 403, 404, 408, 425, 429, 500, 502, 503])(
  'status %i is an outage of the provider, and costs no record',
  (status) => {
    expect(errorOf(status, '')).toBeInstanceOf(ProviderUnavailableError)
    expect(faultOf(errorOf(status, ''))).toBe('outage')
  },
)

test.each([
  [400, 'record'],
  [422, 'record'],
  [405, 'bug'],
  [415, 'bug'],
] as const)('status %i says that the request is invalid: %s', (status, fault) => {
  expect(errorOf(status, 'why')).toBeInstanceOf(ProviderRefusedError)
  expect(faultOf(errorOf(status, 'why'))).toBe(fault)
})
