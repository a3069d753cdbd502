import type { FlinkEndpoints } from '@tenseams/contracts/generate/flink'
import { mechanismIn } from '@tenseams/kafka/access/login'
import { type Endpoints, kafkaAs } from '@tenseams/local/launcher/plan/endpoints'
import { addAcls, literal, prefixed } from './acl.ts'

/** What the tables of an instance's Flink are made with. */
export function flinkEndpointsOf(endpoints: Endpoints): FlinkEndpoints {
  const { kafkaBrokers: brokers, registryUrl, catalogUrl } = endpoints
  const kafkaMechanism = mechanismIn(kafkaAs(endpoints, 'flink').credentialsFile)
  return { brokers, registryUrl, catalogUrl, kafkaMechanism }
}

type OwnNames = {
  readonly topics: readonly string[]
  readonly groups?: readonly string[]
  /** What the ids begin with. */
  readonly transactionalIds?: readonly string[]
}

/** Lets Flink's user read and write a test's own topics, which the contracts do not have. `contracts publish` takes it away. */
export async function letFlinkUse(
  { kafkaBrokers }: Pick<Endpoints, 'kafkaBrokers'>,
  { topics, groups = [], transactionalIds = [] }: OwnNames,
): Promise<void> {
  await addAcls({ kafkaBrokers }, [
    ...topics.flatMap((name) => [
      literal('flink', 'topic', name, 'read'),
      literal('flink', 'topic', name, 'write'),
    ]),
    ...groups.map((name) => literal('flink', 'group', name, 'read')),
    ...transactionalIds.map((name) => prefixed('flink', 'transactional-id', name, 'write')),
  ])
}
