import type { RouteRights } from '@tenseams/identities/routes'
import { operationRights } from '@tenseams/identities/routes'
import type { Use } from '../access/audit-log.ts'
import type { OpenAccess } from '../access/open.ts'
import type { Caller } from '../access/rights.ts'

export type TestAccess = {
  readonly rights?: RouteRights
  /** By token. */
  readonly callers?: Readonly<Record<string, Caller>>
  /** Gets the lines of the audit log. */
  readonly uses?: Use[]
}

/** Access control without files. */
export function accessInMemory({ rights, callers = {}, uses = [] }: TestAccess): OpenAccess {
  return () => ({
    rights: { ...operationRights, ...rights },
    callers: {
      callerOf: (token) => (Object.hasOwn(callers, token) ? callers[token] : undefined),
    },
    audit: { write: (use) => void uses.push(use), close: () => undefined },
  })
}

/** Routes that everybody may use. */
export function openToAll(...routes: readonly string[]): OpenAccess {
  return accessInMemory({ rights: Object.fromEntries(routes.map((route) => [route, 'public'])) })
}
