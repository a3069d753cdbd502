import type { HttpRole } from '@tenseams/identities/identities'
import type { Access, RouteRights } from '@tenseams/identities/routes'

/** Who sends a request, by its token. */
export type Caller = { readonly identity: string; readonly role?: HttpRole | undefined }

/** Each role may do what those before it may. */
const roles: readonly HttpRole[] = ['reader', 'operator', 'admin']

/** @param caller undefined without a token. */
export function isAllowed(access: Access, caller: Caller | undefined): boolean {
  if (access === 'public') return true
  if (caller === undefined) return false
  if ('only' in access) return access.only.some((identity) => identity === caller.identity)
  if (access.also?.some((identity) => identity === caller.identity)) return true
  return caller.role !== undefined && roles.indexOf(caller.role) >= roles.indexOf(access.role)
}

/** For people: who may. */
export function inWords(access: Exclude<Access, 'public'>): string {
  if ('only' in access) return `Only the identity ${listed(access.only)} may`
  const named = access.also === undefined ? '' : `, or the identity ${listed(access.also)},`
  return `Only an identity of the role ${listed(roles.slice(roles.indexOf(access.role)))}${named} may`
}

const listed = (names: readonly string[]) =>
  new Intl.ListFormat('en', { type: 'disjunction' }).format(names)

/** The line that declares a route. One that ends in `/*` is for its address and everything below. HEAD is as GET. */
export function nameOf(rights: RouteRights, method: string, url: string): string | undefined {
  const name = `${method === 'HEAD' ? 'GET' : method} ${url}`
  if (Object.hasOwn(rights, name)) return name
  return Object.keys(rights).find((each) => {
    const start = each.endsWith('/*') ? each.slice(0, -2) : undefined
    return start !== undefined && (name === start || name.startsWith(`${start}/`))
  })
}
