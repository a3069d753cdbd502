import { parse } from 'yaml'
import { filesNamed, type Tree } from './tree.ts'

type Topics = Readonly<Record<string, { readonly deadLetter?: string }>>

/** Topics without a dead letter topic or a schema, gaps in a schema's versions, schemas of no topic. */
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

/**
 * Versions of a schema without kept records, and records of no version. Records of every version stay in the store and in
 * the lake, so some of each are kept, to show that later versions can read them.
 */
export function versionsWithoutRecords(tree: Tree): readonly string[] {
  const versions = namesIn(tree, /^contracts\/events\/(.+)\.(?:avsc|proto)$/)
  const records = namesIn(tree, /^contracts\/records\/(.+)\.json$/)
  return [
    ...[...versions]
      .filter((name) => !records.has(name))
      .map((name) => `contracts/records/${name}.json is missing: npm run contracts -- records`),
    ...[...records]
      .filter((name) => !versions.has(name))
      .map((name) => `contracts/records/${name}.json has no version of a schema`),
  ]
}

function namesIn(tree: Tree, pattern: RegExp): ReadonlySet<string> {
  return new Set(
    filesNamed(tree, pattern).map(([path]) => path.replace(pattern, (_, name) => String(name))),
  )
}
