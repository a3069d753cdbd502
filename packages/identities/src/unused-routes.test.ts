import { expect, test } from 'vitest'
import { type RouteUse, unusedRouteRights } from './unused-routes.ts'

const use = (identity: string, service: string, route: string): RouteUse => {
  const [method = '', path = ''] = route.split(' ')
  return { identity, service, method, route: path }
}

const about = (name: string, ...uses: readonly RouteUse[]) =>
  unusedRouteRights(uses).filter((line) => line.startsWith(`${name} `))

test('a role that was not needed, or not as great as it is, is told', () => {
  const barriers = use('operator', 'pulse', 'POST /barriers')
  const metrics = use('operator', 'orders', 'GET /metrics')
  expect(about('operator')).toEqual(['operator never used its role operator'])
  expect(about('operator', metrics)).toEqual(['operator is operator, and was no more than reader'])
  expect(about('operator', barriers)).toEqual([])
  expect(about('admin', use('admin', 'payment-provider', 'PUT /faults'))).toEqual([])
})

test('a right beside the role is told by itself, and is no use of the role', () => {
  const beside = 'auditor never used POST /barriers of pulse'
  const barriers = use('auditor', 'pulse', 'POST /barriers')
  expect(about('auditor')).toEqual(['auditor never used its role reader', beside])
  expect(about('auditor', barriers)).toEqual(['auditor never used its role reader'])
  expect(about('auditor', use('auditor', 'auditor', 'GET /metrics'))).toEqual([beside])
})

test('a control route that nobody used is told; public ones and those between services are not', () => {
  const lines = about('nobody')
  expect(lines).toContain('nobody used PUT /faults of payment-provider, which is for admin')
  expect(lines).toContain('nobody used GET /metrics of pulse, which is for reader')
  expect(lines.filter((line) => line.includes('POST /payments'))).toEqual([])
  expect(lines.filter((line) => line.includes('/health/live'))).toEqual([])
  const faults = use('admin', 'payment-provider', 'PUT /faults')
  expect(about('nobody', faults).filter((line) => line.includes('PUT /faults'))).toEqual([])
})

test('a route of another service is another route', () => {
  const elsewhere = use('operator', 'orders', 'POST /audits')
  expect(about('nobody', elsewhere)).toContain(
    'nobody used POST /audits of auditor, which is for operator',
  )
})
