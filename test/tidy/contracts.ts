import { parse } from 'yaml'
import { filesNamed, type Tree } from './tree.ts'

type Topics = Readonly<Record<string, { readonly deadLetter?: string }>>

/** Topics without a dead letter topic or without a schema, gaps in a schema's versions, schemas of no topic. */
export function looseContracts(tree: Tree): readonly string[] {
  const topics: Topics = parse(tree.get('contracts/topics.yaml') ?? '')?.topics ?? {}
  const schemas = filesNamed(tree, /^contracts\/events\//).map(([path]) => path.split('/').slice(2))
  const orphans = schemas
    .filter(([topic = '']) => !(topic in topics))
    .map((path) => `contracts/events/${path.join('/')} belongs to no topic`)
  if (Object.keys(topics).length === 0) return ['contracts/topics.yaml has no topics']
  return [...orphans, ...Object.entries(topics).flatMap((entry) => topicGaps(entry, schemas))]
}

function topicGaps(
  [name, topic]: [string, Topics[string]],
  schemas: readonly (readonly string[])[],
): readonly string[] {
  const versions = schemas.filter(([owner]) => owner === name).map(([, file = '']) => file)
  const gaps = versions
    .map((_, index) => new RegExp(`^${index + 1}\\.(?:avsc|proto)$`))
    .filter((expected) => !versions.some((file) => expected.test(file)))
  return [
    ...(topic.deadLetter ? [] : [`${name} has no dead letter topic`]),
    ...(versions.length > 0 ? [] : [`${name} has no schema in contracts/events/${name}`]),
    ...(gaps.length === 0 ? [] : [`${name}: its schema versions are not 1 to ${versions.length}`]),
  ]
}
