import type { ContractSchema } from '../schemas.ts'
import { subjectOf, type Topic } from '../topics.ts'
import type { BrokerTopic } from './broker.ts'
import type { Ungoverned } from './ungoverned.ts'

/** What the contracts promise, as plain data. */
export type Promised = {
  readonly topics: readonly Topic[]
  readonly brokerTopics: readonly BrokerTopic[]
  readonly schemas: readonly ContractSchema[]
  readonly ungoverned: readonly Ungoverned[]
}

/** What the running broker and registry hold. */
export type Running = {
  readonly topics: readonly BrokerTopic[]
  readonly subjects: readonly RunningSubject[]
}

export type RunningSubject = {
  readonly subject: string
  /** Undefined when none was set for the subject: the registry's default applies, which promises nothing. */
  readonly level: string | undefined
  readonly versions: readonly number[]
  /** For each of our versions that the registry has, its version number there. */
  readonly found: ReadonlyMap<number, number>
}

/** One difference, and what to do about it. */
export type Drift = { readonly what: string; readonly next: string }

const publishIt = 'npm run contracts -- publish'

/** All differences in both directions: promised but different or missing, and present but not promised. */
export function driftOf(promised: Promised, running: Running): readonly Drift[] {
  return [
    ...promised.brokerTopics.flatMap((topic) => topicDrift(topic, running.topics)),
    ...unknownTopics(promised, running.topics),
    ...promised.topics.flatMap((topic) => subjectDrift(topic, promised.schemas, running.subjects)),
    ...unknownSubjects(promised, running.subjects),
  ]
}

function topicDrift(promised: BrokerTopic, topics: readonly BrokerTopic[]): readonly Drift[] {
  const { name, partitions, configs } = promised
  const found = topics.find((topic) => topic.name === name)
  if (found === undefined) {
    return [{ what: `topic ${name}: the broker does not have it`, next: publishIt }]
  }
  const moved =
    found.partitions === partitions
      ? []
      : [
          {
            what: `topic ${name}: ${partitions} partitions are promised, the broker has ${found.partitions}`,
            next: 'publishing cannot correct it, because keys would move to other partitions: make a new version of the topic, docs/rollouts/breaking-by-new-topic.md',
          },
        ]
  const settings = Object.entries(configs)
    .filter(([setting, value]) => found.configs[setting] !== value)
    .map(([setting, value]) => ({
      what: `topic ${name}: ${setting} ${value} is promised, the broker has ${found.configs[setting]}`,
      next: publishIt,
    }))
  return [...moved, ...settings]
}

function unknownTopics(
  { brokerTopics, ungoverned }: Promised,
  topics: readonly BrokerTopic[],
): readonly Drift[] {
  const promised = new Set(brokerTopics.map(({ name }) => name))
  return topics
    .filter(({ name }) => !promised.has(name) && !isUngoverned(name, ungoverned))
    .map(({ name }) => ({
      what: `topic ${name}: no contract has it`,
      next: 'add it to contracts/topics.yaml, or find its writer and delete it',
    }))
}

function subjectDrift(
  { name, compatibility }: Topic,
  schemas: readonly ContractSchema[],
  subjects: readonly RunningSubject[],
): readonly Drift[] {
  const subject = subjectOf(name)
  const own = schemas.filter(({ topic }) => topic === name)
  const found = subjects.find((candidate) => candidate.subject === subject)
  if (found === undefined || found.versions.length === 0) {
    return [{ what: `subject ${subject}: not in the registry`, next: publishIt }]
  }
  return [
    ...levelDrift(found, compatibility),
    ...own.flatMap((schema) => versionDrift(schema, found)),
    ...unknownVersions(found),
  ]
}

function levelDrift({ subject, level }: RunningSubject, promised: string): readonly Drift[] {
  if (level === promised) return []
  const what = `subject ${subject}: level ${promised} is promised, the registry has ${level ?? 'none'}`
  return [{ what, next: publishIt }]
}

function versionDrift(
  { version, file }: ContractSchema,
  { subject, found }: RunningSubject,
): readonly Drift[] {
  const registered = found.get(version)
  if (registered === version) return []
  if (registered === undefined) {
    const what = `subject ${subject} version ${version}: ${file} is not published`
    return [{ what, next: publishIt }]
  }
  return [
    {
      what: `subject ${subject} version ${version}: the registry has ${file} as version ${registered}`,
      next: 'another client registered a version in between: find out which one, and which client',
    },
  ]
}

function unknownVersions({ subject, versions, found }: RunningSubject): readonly Drift[] {
  const ours = new Set(found.values())
  return versions
    .filter((version) => !ours.has(version))
    .map((version) => ({
      what: `subject ${subject} version ${version}: not registered by contracts publish`,
      next: 'find the client that registers schemas by itself and turn that off (for example auto.register.schemas=false); then DELETE /subjects/<subject>/versions/<version>, unless records carry its id',
    }))
}

function unknownSubjects(
  { topics, ungoverned }: Promised,
  subjects: readonly RunningSubject[],
): readonly Drift[] {
  const promised = new Set(topics.map(({ name }) => subjectOf(name)))
  return subjects
    .filter(({ subject }) => !promised.has(subject) && !isUngoverned(subject, ungoverned))
    .map(({ subject }) => ({
      what: `subject ${subject}: belongs to no topic of the contracts`,
      next: 'find the client that registers schemas by itself and turn that off (for example auto.register.schemas=false); contracts are registered only by `publish` from contracts/events',
    }))
}

function isUngoverned(name: string, ungoverned: readonly Ungoverned[]): boolean {
  return ungoverned.some(({ prefix }) => name.startsWith(prefix))
}
