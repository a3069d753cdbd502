import type { HttpRole, IdentityName } from './identities.ts'

/**
 * Who may use a route. `public`: everybody. `role`: a control route, for identities of that role or a greater one, and for those
 * in `also`, whose work needs this one route. `only`: a call between services that is part of the business, for these alone.
 */
export type Access =
  | 'public'
  | { readonly role: HttpRole; readonly also?: readonly IdentityName[] }
  | { readonly only: readonly IdentityName[] }

/** By method and address, as the router has it. One that ends in `/*` is for its address and everything below. */
export type RouteRights = Readonly<Record<string, Access>>

/** Routes that every service has. Probes have no token: they are told yes or no, and `/health/detail` says why. */
export const operationRights = {
  'GET /health/live': 'public',
  'GET /health/ready': 'public',
  'GET /health/detail': { role: 'reader' },
  'GET /metrics': { role: 'reader' },
} as const satisfies RouteRights

/** What customers' programs use, and what describes it. */
const orders = {
  'POST /orders': 'public',
  'GET /orders': 'public',
  'GET /orders/:orderId': 'public',
  'POST /orders/:orderId/cancellation': 'public',
  'POST /customers': 'public',
  'GET /customers/:customerId': 'public',
  'DELETE /customers/:customerId': 'public',
  'GET /products/:sku': 'public',
  'GET /documentation/*': 'public',
  'GET /read-model': { role: 'reader' },
  'POST /read-model/rebuild': { role: 'operator' },
} as const satisfies RouteRights

/** Another company's interface: we are its customer, by the service that moves the money. What it does wrong on purpose is for those who prove. */
const paymentProvider = {
  'POST /payments': { only: ['payments', 'legacy'] },
  'POST /payments/:paymentId/capture': { only: ['payments', 'legacy'] },
  'POST /payments/:paymentId/void': { only: ['payments', 'legacy'] },
  'POST /payments/:paymentId/refund': { only: ['payments'] },
  'GET /payments': { only: ['payments'] },
  'POST /payments/search': { only: ['payments'] },
  'GET /payments/:paymentId': { only: ['payments'] },
  'GET /faults': { role: 'reader' },
  'PUT /faults': { role: 'admin' },
} as const satisfies RouteRights

/** The same interface as that of orders where customers meet it, and the changes for systems that poll. */
const legacy = {
  'POST /orders': 'public',
  'GET /orders': 'public',
  'GET /orders/:orderId': 'public',
  'POST /orders/:orderId/cancellation': 'public',
  'GET /products/:sku': 'public',
  'GET /documentation/*': 'public',
  'GET /changes': { role: 'reader' },
} as const satisfies RouteRights

/**
 * Every route of every service, and who may use it: the one place that tells public from control routes. A service with a route
 * that has no line here does not start, nor does one without a route that has a line.
 */
export const routeRights = {
  orders,
  'payment-provider': paymentProvider,
  legacy,
  payments: { 'GET /captures': { role: 'reader' }, 'PUT /captures': { role: 'operator' } },
  fulfilment: {},
  lakehouse: {},
  exporter: {},
  pulse: { 'POST /barriers': { role: 'operator', also: ['auditor'] } },
  pager: {
    'POST /notifications': { only: ['alertmanager'] },
    'GET /pages': { role: 'reader' },
  },
  auditor: { 'POST /audits': { role: 'operator' }, 'GET /audits/last': { role: 'reader' } },
} as const satisfies Readonly<Partial<Record<IdentityName, RouteRights>>>

/** A service of our own, which has routes. */
export type ServiceName = keyof typeof routeRights

/** All rights of a service, those of every service included. */
export function rightsOf(service: ServiceName): RouteRights {
  return { ...operationRights, ...routeRights[service] }
}
