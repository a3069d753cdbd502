import { openRegistry } from '@tenseams/codec/registry'
import { rollouts, runRollout, withoutOrder } from '@tenseams/contracts/rollouts/command'
import { eventually } from '@tenseams/local/launcher/host/wait'
import { kafkaAs } from '@tenseams/local/launcher/plan/endpoints'
import { beforeAll, describe, expect, test } from 'vitest'
import { runProgram } from '../../runner/program.ts'
import { openKafka } from '../../support/login.ts'
import { type TestStack, useStack } from '../../support/stack.ts'

const timeoutMs = 60_000

let stack: TestStack
let before: ReadonlySet<string>

beforeAll(async () => {
  stack = await useStack()
  before = await namesOf(stack)
})

const serversOf = ({ endpoints }: TestStack) => ({
  registryUrl: endpoints.registryUrl,
  login: endpoints.publisherLogin,
  ...kafkaAs(endpoints, 'publisher'),
  timeoutMs,
})

describe('a rollout', () => {
  test.each(rollouts)(
    '$name: the right order loses nothing, every wrong one fails',
    async (rollout) => {
      const lines: string[] = []
      const { right, wrong, holds } = await runRollout(rollout, serversOf(stack), (line) =>
        lines.push(line),
      )
      expect(holds, lines.join('\n')).toBe(true)
      expect(right.length).toBeGreaterThanOrEqual(4)
      expect(wrong.length).toBeGreaterThanOrEqual(2)
    },
  )

  test('is refuted when the wrong order takes the place of the right one', async () => {
    const { outcome } = await runVerb('rename-by-alias', '--break=order')
    expect(outcome.reason).toBe('exit code 1')
    expect(outcome.output).toContain('REFUTED: producers go first: new producer, old consumer')
  })

  test('is refuted when its wrong order does no harm', async () => {
    const [rollout] = rollouts
    if (rollout === undefined) expect.fail()
    const harmless = { ...rollout, wrong: rollout.right }
    expect(await runRollout(harmless, serversOf(stack), () => undefined)).toMatchObject({
      holds: false,
    })
    expect(withoutOrder(rollout)).toMatchObject({ right: rollout.wrong, wrong: rollout.wrong })
  })

  test('is undecided, and never refuted, without a broker or a registry', async () => {
    const noBroker = await runVerb('add-optional-field', '--brokers', '127.0.0.1:9')
    expect(noBroker.outcome.reason, noBroker.outcome.output).toBe('exit code 2')
    const noRegistry = await runVerb('add-optional-field', '--registry', 'http://127.0.0.1:10')
    expect(noRegistry.outcome.reason, noRegistry.outcome.output).toBe('exit code 2')
  })

  test('leaves nothing behind', async () => {
    const isClean = async () => {
      const now = await namesOf(stack)
      return [...now].every((name) => before.has(name))
    }
    await eventually(isClean, {
      timeoutMs,
      what: 'the topics and subjects of the rollouts to be gone',
    })
  })
})

/** The topics and subjects of rollouts, also those that a rollout killed before this test has left. */
async function namesOf({ endpoints }: TestStack): Promise<ReadonlySet<string>> {
  const subjects = await openRegistry(endpoints.registryUrl, timeoutMs).subjects()
  const admin = openKafka({ brokers: endpoints.kafkaBrokers, clientId: 'test' }).admin()
  await admin.connect()
  try {
    const names = [...subjects, ...(await admin.listTopics())]
    return new Set(names.filter((name) => name.startsWith('rollout.')))
  } finally {
    await admin.disconnect()
  }
}

async function runVerb(name: string, ...more: readonly string[]) {
  const { instance, secrets } = stack.context.paths
  const servers = ['--instance', instance, '--credentials', secrets]
  const outcome = await runProgram({
    file: 'contracts/src/main.ts',
    parameters: ['rollout', name, ...servers, ...more, '--timeout', '20'],
    environment: { NODE_OPTIONS: '--disable-warning=TimeoutNegativeWarning' },
    timeoutMs: 100_000,
  })
  return { outcome }
}
