import type { Topic } from '../topics.ts'
import { userFor } from './acls.ts'
import type { User } from './users.ts'

/** A name that `topics.yaml` and `users.yaml` do not both know, or that two users have. */
export type StrangeName = { readonly where: string; readonly what: string; readonly todo: string }

/** What does not fit between topics and users: an owner or a consumer that nobody is, a relayed topic that does not exist. */
export function strangeNames(
  topics: readonly Pick<Topic, 'name' | 'owner' | 'consumers'>[],
  users: readonly User[],
): readonly StrangeName[] {
  return [
    ...topics.flatMap(({ name, owner, consumers }) =>
      [['owner', owner], ...consumers.map((consumer) => ['consumer', consumer])]
        .filter(([, named]) => userFor(named ?? '', users) === undefined)
        .map(([role, named]) => ({
          where: `contracts/topics.yaml: ${name}`,
          what: `the ${role} ${named} is no user of contracts/users.yaml, and no user runs it`,
          todo: `write ${named} as one of: ${knownNames(users).join(', ')}; or add it to contracts/users.yaml, as a user or to the \`runs\` of one`,
        })),
    ),
    ...users.flatMap(({ name, relays }) =>
      relays
        .filter((relayed) => topics.every((topic) => topic.name !== relayed))
        .map((relayed) => ({
          where: `contracts/users.yaml: ${name}`,
          what: `it relays ${relayed}, which is no topic of contracts/topics.yaml`,
          todo: `correct the name in \`relays\`, or add the topic`,
        })),
    ),
    ...twice(users.flatMap(({ name, runs }) => [name, ...runs])).map((named) => ({
      where: 'contracts/users.yaml',
      what: `${named} is the name of two users, or is run by two`,
      todo: 'give it to one of them',
    })),
    ...twice(users.flatMap(({ relays }) => relays)).map((relayed) => ({
      where: 'contracts/users.yaml',
      what: `${relayed} is relayed by two users`,
      todo: 'let one of them write it',
    })),
  ]
}

function knownNames(users: readonly User[]): readonly string[] {
  return users.flatMap(({ name, runs }) => [name, ...runs])
}

function twice(names: readonly string[]): readonly string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))]
}
