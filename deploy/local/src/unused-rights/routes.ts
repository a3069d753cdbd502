import { routeRights } from '@tenseams/identities/routes'
import { type RouteUse, unusedRouteRights } from '@tenseams/identities/unused-routes'
import { type Asked, counts, filesIn, linesIn, sinceText, type Unused } from './asked.ts'

const server = 'HTTP'

/** Of these a service keeps the newest only; when it has them all, older ones were removed. */
const OLDEST_KEPT = '.log.4'

/** From the audit logs of the services. */
export function unusedRoutes(asked: Asked): Unused {
  const services = Object.keys(routeRights)
  const names = filesIn(asked.paths.audit, /^[\w-]+\.log(?:\.\d)?$/).filter((name) =>
    services.some((service) => name.startsWith(`${service}.log`)),
  )
  const lines = [...linesIn(asked.paths.audit, names)].flatMap((line) => useIn(line) ?? [])
  const times = lines.map(({ at }) => at).toSorted()
  const [oldest] = times
  if (oldest === undefined) {
    return { server, rights: undefined, known: 'no control route was used yet' }
  }
  const uses = lines.filter(({ isUse, at }) => isUse && counts(asked, new Date(at)))
  const cut = names.filter((name) => name.endsWith(OLDEST_KEPT))
  return {
    server,
    rights: unusedRouteRights(uses),
    known: [
      `${sinceText(asked, oldest)}; calls between services are not in the audit log`,
      ...cut.map((name) => `what is older than ${name} is not known`),
    ].join('; '),
  }
}

type Line = RouteUse & { readonly at: string; readonly isUse: boolean }

/**
 * One line of the audit log; undefined for one that a full disk has torn. A malformed request is no use: that is how a test asks
 * whether a route may be used.
 */
function useIn(line: string): Line | undefined {
  try {
    const { outcome, status, ...use } = JSON.parse(line)
    const isMalformed = status === 400 || status === 415
    return { ...use, isUse: outcome === 'allowed' && !isMalformed }
  } catch {
    return undefined
  }
}
