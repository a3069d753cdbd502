import type { Endpoints } from '@tenseams/local/launcher/plan/endpoints'
import { addAcls, literal } from './acl.ts'
import { openKafka } from './login.ts'

/** Where a test's own events go: the connector publishes every row, and no service reads this topic. */
export const testedTopic = 'test.event-store'

/**
 * Makes a topic of a test's own, unless it is there, and lets the connector publish to it: without the right it would fail, and
 * nobody's events would be published. `contracts publish` takes the right away.
 */
export async function letConnectPublish(
  endpoints: Pick<Endpoints, 'kafkaBrokers'>,
  topic = testedTopic,
): Promise<void> {
  const admin = openKafka({ brokers: endpoints.kafkaBrokers, clientId: 'tested-events' }).admin()
  await admin.connect()
  try {
    await admin.createTopics({ topics: [{ topic, numPartitions: 4 }], waitForLeaders: false })
  } finally {
    await admin.disconnect()
  }
  await addAcls(endpoints, [literal('connect', 'topic', topic, 'write')])
}
