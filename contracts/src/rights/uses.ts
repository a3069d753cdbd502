import { type Acl, concerns, includesOperation, keyOf } from './acls.ts'

/** That a user did something to a topic, a group, a transactional id or the cluster, in Kafka's own words. */
export type KafkaUse = {
  readonly user: string
  readonly operation: string
  readonly resource: string
  readonly name: string
}

/** What the brokers have noted. When their file was full, a use may be missing. */
export type NotedUses = { readonly uses: readonly KafkaUse[]; readonly isFull: boolean }

/**
 * The lines of a file that a broker writes (deploy/local/jvm/src/kafka): `<time> <user> <operation> <resource> <name>`, or
 * `<time> full`. A line that a crash has torn is passed over.
 */
export function parseUses(text: string): NotedUses {
  const lines = text.split('\n').slice(0, -1)
  return {
    uses: lines.flatMap((line) => useIn(line) ?? []),
    isFull: lines.some((line) => line.endsWith(' full')),
  }
}

function useIn(line: string): KafkaUse | undefined {
  const [, user, operation, resource, name, ...more] = line.split(' ')
  if (user === undefined || operation === undefined || resource === undefined) return undefined
  if (name === undefined || more.length > 0) return undefined
  return { user: decoded(user), operation, resource, name: decoded(name) }
}

/** What Java's URLEncoder has encoded; a text that is torn stays as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}

/**
 * The rights that no use needed, a sentence each. One that was needed only because it includes another one, such as a right to read for
 * somebody who only asked how many partitions there are, is among them.
 */
export function unusedAcls(acls: readonly Acl[], uses: readonly KafkaUse[]): readonly string[] {
  return acls.flatMap((acl) => {
    const own = uses.filter((use) => concerns(acl, use))
    if (own.some(({ operation }) => operation === acl.operation)) return []
    const lesser = own.filter(({ operation }) => includesOperation(acl.operation, operation))
    const operations = [...new Set(lesser.map(({ operation }) => operation))]
    return [operations.length === 0 ? keyOf(acl) : `${keyOf(acl)}: only to ${operations.join()}`]
  })
}
