import { identities } from '@tenseams/identities/identities'
import { strangeNames } from '../rights/names.ts'
import { ADMIN, readableUsers, type User } from '../rights/users.ts'
import type { Topic } from '../topics.ts'
import { type ContractSet, usersFile } from './contract-set.ts'
import type { Refusal } from './refusal.ts'

/** The brokers' own user: it logs in to their own listeners and may do everything, as the admin may. */
const BROKER = 'broker'

/**
 * What is wrong with the users of Kafka: entries that cannot be used, such as a malformed quota, names in `topics.yaml` that
 * nobody is, and users that no identity has. A project without the file has no users to judge.
 */
export function userRefusals(base: ContractSet, tree: ContractSet): readonly Refusal[] {
  if (tree.users === undefined) return base.users === undefined ? [] : [deleted]
  const { users, mistakes } = readableUsers(tree.users)
  if (mistakes.length > 0) return mistakes.map(unusable)
  return [
    // The working tree's entries were read strictly.
    ...strangeNames(tree.promises as readonly Topic[], users).map((strange) => ({
      ...strange,
      why: 'the broker gives rights to users only: what is none of them could neither write nor read',
      whom: 'whoever runs it, who would be refused',
    })),
    ...strangers(users),
  ]
}

const deleted: Refusal = {
  where: usersFile,
  what: 'the file is gone',
  why: 'it gives every user of Kafka its rights and its quota',
  whom: 'everybody who logs in to Kafka',
  todo: `git checkout HEAD -- ${usersFile}`,
}

function unusable(mistake: string): Refusal {
  return {
    where: usersFile,
    what: mistake,
    why: 'publish would give nobody any right or quota while the file cannot be used',
    whom: 'everybody who logs in to Kafka',
    todo: 'correct the entry; the comment at the top of the file says what each property means',
  }
}

function strangers(users: readonly User[]): readonly Refusal[] {
  const known = identities.filter(({ kafka }) => kafka).map(({ name }) => String(name))
  const named = users.map(({ name }) => name)
  return [
    ...named
      .filter((name) => !known.includes(name))
      .map((name) => ({
        where: `${usersFile}: ${name}`,
        what: `${name} is no identity with a user of Kafka`,
        why: 'nobody has its password, so nobody could use its rights',
        whom: 'whoever was meant',
        todo: `declare it in packages/identities, or write one of: ${known.join(', ')}`,
      })),
    ...known
      .filter((name) => ![ADMIN, BROKER, ...named].includes(name))
      .map((name) => ({
        where: usersFile,
        what: `${name} has a user of Kafka and no entry`,
        why: 'it could log in and do nothing, with no quota',
        whom: name,
        todo: 'add an entry with its quota and what it may do',
      })),
  ]
}
