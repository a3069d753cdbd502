import { type HttpRole, type IdentityName, identities } from './identities.ts'
import { type Access, rightsOf, routeRights, type ServiceName } from './routes.ts'

/** A request to a control route that was let through, as the audit log has it. */
export type RouteUse = {
  readonly service: string
  readonly identity: string
  readonly method: string
  readonly route: string
}

const ranks: Readonly<Record<HttpRole, number>> = { reader: 1, operator: 2, admin: 3 }

type ControlRoute = {
  readonly service: ServiceName
  readonly route: string
  readonly access: Extract<Access, { readonly role: HttpRole }>
}

/**
 * The declared rights to control routes that no use needed, a sentence each: a role, a right beside one's role, a route that nobody
 * used. Calls between services (`only`) are not among them: nothing notes that they were allowed.
 */
export function unusedRouteRights(uses: readonly RouteUse[]): readonly string[] {
  return [
    ...identities.flatMap(({ name, http }) =>
      http === undefined ? [] : unusedRole(name, http, uses),
    ),
    ...controlRoutes.flatMap((route) => unusedBesides(route, uses)),
    ...controlRoutes
      .filter((route) => usesOf(route, uses).length === 0)
      .map(
        ({ service, route, access }) =>
          `nobody used ${route} of ${service}, which is for ${access.role}`,
      ),
  ]
}

const controlRoutes: readonly ControlRoute[] = (Object.keys(routeRights) as ServiceName[]).flatMap(
  (service) =>
    Object.entries(rightsOf(service)).flatMap(([route, access]) =>
      access !== 'public' && 'role' in access ? [{ service, route, access }] : [],
    ),
)

function usesOf({ service, route }: ControlRoute, uses: readonly RouteUse[]): readonly RouteUse[] {
  return uses.filter((use) => use.service === service && `${use.method} ${use.route}` === route)
}

const isNamed = ({ access }: ControlRoute, name: string) =>
  access.also?.some((each) => each === name) ?? false

/** A role that is greater than what its identity did with it. */
function unusedRole(name: IdentityName, role: HttpRole, uses: readonly RouteUse[]) {
  const needed = controlRoutes
    .filter((route) => !isNamed(route, name))
    .filter((route) => usesOf(route, uses).some(({ identity }) => identity === name))
    .map(({ access }) => access.role)
  const greatest = needed.toSorted((one, other) => ranks[other] - ranks[one])[0]
  if (greatest === undefined) return [`${name} never used its role ${role}`]
  return ranks[greatest] < ranks[role]
    ? [`${name} is ${role}, and was no more than ${greatest}`]
    : []
}

function unusedBesides(route: ControlRoute, uses: readonly RouteUse[]): readonly string[] {
  const by = new Set(usesOf(route, uses).map(({ identity }) => identity))
  return (route.access.also ?? [])
    .filter((name) => !by.has(name))
    .map((name) => `${name} never used ${route.route} of ${route.service}`)
}
