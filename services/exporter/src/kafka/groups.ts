import type { User } from '@tenseams/contracts/rights/users'

/** Tools read under groups of their own for a while; nobody is called when they are behind. */
const passing = /^(?:dlq|cdc-command|oncall|rollout|demonstration)\b/

/** The groups that a user of contracts/users.yaml commits for: names, and prefixes of names. */
export function declaredGroups(users: readonly User[]) {
  const patterns = users
    .flatMap(({ groups }) => Object.entries(groups))
    .filter(([name, rights]) => rights.includes('commit') && !passing.test(name))
    .map(([name]) => name)
  return {
    names: patterns.filter((name) => !name.endsWith('*')),
    prefixes: patterns.filter((name) => name.endsWith('*')).map((name) => name.slice(0, -1)),
  }
}

/** Those of the broker's groups that are watched, and declared ones that it does not know: a dead group is news. */
export function watchedGroups(
  { names, prefixes }: ReturnType<typeof declaredGroups>,
  there: readonly string[],
): readonly string[] {
  const own = there.filter((name) => prefixes.some((prefix) => name.startsWith(prefix)))
  return [...new Set([...names, ...own])].toSorted()
}
