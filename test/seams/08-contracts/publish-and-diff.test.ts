import { diffContracts } from '@tenseams/contracts/publish/diff'
import { readUngoverned } from '@tenseams/contracts/publish/ungoverned'
import { readTopics } from '@tenseams/contracts/topics'
import { submitJob } from '@tenseams/flink-jobs/run/submit'
import { eventually } from '@tenseams/local/launcher/host/wait'
import { kafkaAs } from '@tenseams/local/launcher/plan/endpoints'
import type { Stack } from '@tenseams/local/launcher/supervise/stack'
import { components } from '@tenseams/local/parts/parts'
import { ConfigResourceTypes } from 'kafkajs'
import { expect, test } from 'vitest'
import { type Outcome, runProgram } from '../../runner/program.ts'
import { openKafka } from '../../support/login.ts'
import { withOwnStack } from '../../support/own-stack.ts'
import { useStack } from '../../support/stack.ts'

const subject = 'orders.order.v1-value'
const services = ['orders', 'payments', 'fulfilment', 'pulse', 'lakehouse']

/**
 * With a broker and a registry of its own, because on the shared ones everything is published, and other tests create topics
 * without a contract. One test, because each step continues from the one before.
 */
test('only publish registers contracts, and diff finds everything else', async () => {
  await withOwnStack(['kafka-users', 'registry'], async (stack) => {
    const diff = () => contracts(stack, 'diff')

    const before = await diff()
    expect(before.reason).toBe('exit code 1')
    for (const { name } of readTopics()) {
      expect(before.output).toContain(`topic ${name}: the broker does not have it`)
      expect(before.output).toContain(`subject ${name}-value: not in the registry`)
    }
    await refuseToStart(stack)
    expect(await subjectsOf(stack)).toEqual([])

    expect(await contracts(stack, 'publish')).toMatchObject({ ok: true })
    expect(await diff()).toMatchObject({ ok: true, output: 'no difference\n' })

    await plantDrift(stack)
    const planted = await diff()
    expect(planted.reason).toBe('exit code 1')
    expect(whatsOf(planted)).toEqual([
      'topic orders.order.v1: retention.ms -1 is promised, the broker has 3600000',
      'topic analytics.revenue-per-minute.v1: 4 partitions are promised, the broker has 5',
      'topic shop.stray.v1: no contract has it',
      `subject ${subject}: level FULL_TRANSITIVE is promised, the registry has BACKWARD`,
      `subject ${subject} version 3: not registered by contracts publish`,
      'subject shop.stray.v1-value: belongs to no topic of the contracts',
    ])

    await stack.kill('registry')
    const away = await diff()
    expect(away.reason).toBe('exit code 2')
    expect(away.output).toContain('does not answer')
  })
}, 300_000)

test('the running stack has what is promised, and topics and subjects of its tools are known', async () => {
  const { endpoints } = await useStack()
  const { registryUrl, kafkaBrokers: brokers } = endpoints
  const drifts = await diffContracts({
    ...{ registryUrl, brokers, timeoutMs: 30_000 },
    admin: kafkaAs(endpoints, 'admin').credentialsFile,
  })
  // Other tests create topics and subjects on the shared servers.
  const ours = [
    ...readTopics().map(({ name }) => name),
    ...readUngoverned().map(({ prefix }) => prefix),
  ]
  const ofOurs = drifts.filter(({ what }) => ours.some((name) => what.includes(` ${name}`)))
  expect(ofOurs).toEqual([])
})

function contracts({ context }: Stack, verb: string): Promise<Outcome> {
  return runProgram({
    file: 'contracts/src/main.ts',
    parameters: [verb, '--instance', context.paths.instance],
    environment: { NODE_OPTIONS: '--disable-warning=TimeoutNegativeWarning' },
    timeoutMs: 90_000,
  })
}

/** Starts each service alone, with the launcher's command, and submits Flink's job. */
async function refuseToStart(stack: Stack): Promise<void> {
  const endings = await Promise.all(services.map((name) => started(stack, name)))
  for (const [index, { ok, output }] of endings.entries()) {
    expect(ok, services[index]).toBe(false)
    expect(output, services[index]).toContain('-value: not published; npm run contracts -- publish')
  }
  const { endpoints, context } = stack
  const submitting = submitJob('revenue-per-minute', {
    endpoints: {
      ...{ registryUrl: endpoints.registryUrl, catalogUrl: endpoints.catalogUrl },
      ...kafkaAs(endpoints, 'flink'),
      flinkUrl: endpoints.flinkUrl,
      login: endpoints.login,
      ...{ gatewayUrl: endpoints.sqlGatewayUrl, stateFolder: context.paths.flinkState },
    },
  })
  await expect(submitting).rejects.toMatchObject({ code: 'CONTRACT_NOT_PUBLISHED' })
}

async function started({ context }: Stack, name: string): Promise<Outcome> {
  const component = components.find((candidate) => candidate.name === name)
  if (component === undefined) expect.fail(`there is no service ${name}`)
  const { arguments: given, environment = {} } = await component.command(context)
  const [file, ...parameters] = given.filter((argument) => !argument.startsWith('--disable'))
  if (file === undefined) expect.fail(`${name} has no program`)
  return runProgram({ file, parameters, environment, timeoutMs: 60_000 })
}

/** Makes one drift of each kind, past the contracts: only somebody who has the publisher's login can. */
async function plantDrift({ endpoints }: Stack): Promise<void> {
  await askRegistry(endpoints, 'PUT', `/config/${subject}`, { compatibility: 'BACKWARD' })
  const text = '{"type":"record","name":"OrderEvent","namespace":"tenseams.orders","fields":[]}'
  await askRegistry(endpoints, 'POST', `/subjects/${subject}/versions`, { schema: text })
  const stray = { schema: '"long"' }
  await askRegistry(endpoints, 'POST', '/subjects/shop.stray.v1-value/versions', stray)
  const kafka = openKafka({ brokers: endpoints.kafkaBrokers, clientId: 'test' })
  const admin = kafka.admin()
  await admin.connect()
  try {
    await admin.createTopics({
      waitForLeaders: false,
      topics: [{ topic: 'shop.stray.v1', numPartitions: 1 }],
    })
    await admin.createPartitions({
      topicPartitions: [{ topic: 'analytics.revenue-per-minute.v1', count: 5 }],
    })
    await admin.alterConfigs({
      validateOnly: false,
      resources: [
        {
          type: ConfigResourceTypes.TOPIC,
          name: 'orders.order.v1',
          configEntries: [
            { name: 'retention.ms', value: '3600000' },
            { name: 'cleanup.policy', value: 'delete' },
          ],
        },
      ],
    })
    const isPlanted = async () => {
      const offsets = await admin.fetchTopicOffsets('analytics.revenue-per-minute.v1')
      return offsets.length === 5 && (await admin.listTopics()).includes('shop.stray.v1')
    }
    await eventually(isPlanted, { timeoutMs: 30_000, what: 'the planted drift on the broker' })
  } finally {
    await admin.disconnect()
  }
}

async function askRegistry(
  { registryUrl, publisherLogin }: Stack['endpoints'],
  method: string,
  path: string,
  body?: object,
) {
  const response = await fetch(`${registryUrl}${path}`, {
    method,
    headers: { 'content-type': 'application/json', authorization: await publisherLogin() },
    signal: AbortSignal.timeout(10_000),
    ...(body && { body: JSON.stringify(body) }),
  })
  expect(response.ok, `${method} ${path}: ${response.status}`).toBe(true)
  return response.json()
}

const subjectsOf = ({ endpoints }: Stack) => askRegistry(endpoints, 'GET', '/subjects')

function whatsOf({ output }: Outcome): readonly string[] {
  return output.split('\n').filter((line) => /^(?:topic|subject) /.test(line))
}
