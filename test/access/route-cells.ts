import { type HttpRole, identities } from '@tenseams/identities/identities'
import { type Access, rightsOf, routeRights, type ServiceName } from '@tenseams/identities/routes'

/** One request of the matrix: may that identity use that route? */
export type RouteCell = {
  /** `nobody` sends no token, `stranger` one that nobody has. */
  readonly identity: string
  readonly operation: string
  readonly target: string
  readonly service: ServiceName
  readonly allowed: boolean
}

/** A cell, for people. */
export const nameOf = ({ identity, service, operation, target }: RouteCell): string =>
  `${identity}, ${service}, ${operation} ${target}`

export const services = Object.keys(routeRights) as readonly ServiceName[]

const rank: Readonly<Record<HttpRole, number>> = { reader: 1, operator: 2, admin: 3 }

/** Every declared route of every service, for everybody who is declared, and for those who are not. */
export function routeCells(): readonly RouteCell[] {
  const everybody = [...identities, { name: 'nobody', http: undefined }]
  return services.flatMap((service) =>
    Object.entries(rightsOf(service)).flatMap(([route, access]) => {
      const [operation = '', target = ''] = route.split(' ')
      const known = everybody.map(({ name, http }) => ({
        ...{ identity: name, operation, target, service },
        // Without a token of its own, an identity is nobody here.
        allowed: isAllowed(access, http === undefined ? undefined : { name, http }),
      }))
      return [...known, { identity: 'stranger', operation, target, service, allowed: false }]
    }),
  )
}

/** By itself, so that the matrix does not repeat a mistake of what enforces it. */
function isAllowed(access: Access, who: { name: string; http: HttpRole } | undefined): boolean {
  if (access === 'public') return true
  if (who === undefined) return false
  const named: readonly string[] = 'only' in access ? access.only : (access.also ?? [])
  if (named.includes(who.name)) return true
  return 'role' in access && rank[who.http] >= rank[access.role]
}

/** What the probe sends for a cell. */
export type Probing = {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

const SOME_ID = '0198c0de-0000-7000-8000-000000000001'

/**
 * A request that has no effect where it is allowed: a body that is no JSON is refused with 415 when the right was found, and
 * before the route is reached.
 *
 * @param token the identity's; undefined for one that has none.
 */
export function probing({ operation, target }: RouteCell, token: string | undefined): Probing {
  const path = target.replaceAll(/:\w+/g, SOME_ID).replace('/*', '/json')
  const own = token === undefined ? {} : { authorization: `Bearer ${token}` }
  if (operation === 'GET') return { method: operation, path, headers: own }
  const headers = { ...own, 'content-type': 'text/plain' }
  return { method: operation, path, headers, body: 'no JSON' }
}

/** Whoever is told that the request is wrong (400: no such product can be) was let through. @throws Error for a status that says neither. */
export function verdictOf(status: number): 'allowed' | 'denied' {
  if (status === 401 || status === 403) return 'denied'
  if ([200, 204, 400, 404, 410, 415, 503].includes(status)) return 'allowed'
  throw new Error(`status ${status} says neither that it is allowed nor that it is not`)
}
