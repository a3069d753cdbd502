import { openRegistry } from '@tenseams/codec/registry'
import { dances, runDance, withoutOrder } from '@tenseams/contracts/rollouts/command'
import { openKafka } from '@tenseams/kafka/client'
import { eventually } from '@tenseams/local/launcher/host/wait'
import { beforeAll, describe, expect, test } from 'vitest'
import { runProgram } from '../../runner/program.ts'
import { type TestStack, useStack } from '../../support/stack.ts'

const timeoutMs = 60_000

let stack: TestStack
let before: ReadonlySet<string>

beforeAll(async () => {
  stack = await useStack()
  before = await namesOf(stack)
})

const placesOf = ({ endpoints }: TestStack) => ({
  registryUrl: endpoints.registryUrl,
  brokers: endpoints.kafkaBrokers,
  timeoutMs,
})

describe('an upgrade', () => {
  test.each(dances)(
    '$name: the right order loses nothing, every wrong one fails',
    async (dance) => {
      const lines: string[] = []
      const { right, wrong, holds } = await runDance(dance, placesOf(stack), (line) =>
        lines.push(line),
      )
      expect(holds, lines.join('\n')).toBe(true)
      expect(right.length).toBeGreaterThanOrEqual(4)
      expect(wrong.length).toBeGreaterThanOrEqual(2)
    },
  )

  test('is refuted when the wrong order is danced as if it were right', async () => {
    const { outcome } = await danceByHand('rename-by-alias', '--break=order')
    expect(outcome.reason).toBe('exit code 1')
    expect(outcome.output).toContain('REFUTED: producers go first: new producer, old consumer')
  })

  test('is refuted when its wrong order does no harm', async () => {
    const [dance] = dances
    if (dance === undefined) expect.fail()
    const harmless = { ...dance, wrong: dance.right }
    expect(await runDance(harmless, placesOf(stack), () => undefined)).toMatchObject({
      holds: false,
    })
    expect(withoutOrder(dance)).toMatchObject({ right: dance.wrong, wrong: dance.wrong })
  })

  test('is undecided, and never refuted, without a broker or a registry', async () => {
    const noBroker = await danceByHand('add-optional-field', '--brokers', '127.0.0.1:9')
    expect(noBroker.outcome.reason, noBroker.outcome.output).toBe('exit code 2')
    const noRegistry = await danceByHand('add-optional-field', '--registry', 'http://127.0.0.1:10')
    expect(noRegistry.outcome.reason, noRegistry.outcome.output).toBe('exit code 2')
  })

  test('leaves nothing behind', async () => {
    const isClean = async () => {
      const now = await namesOf(stack)
      return [...now].every((name) => before.has(name))
    }
    await eventually(isClean, {
      timeoutMs,
      what: 'the topics and subjects of the dances to be gone',
    })
  })
})

/** Of the dances' topics and subjects; those that somebody's killed dance has left are not ours. */
async function namesOf({ endpoints }: TestStack): Promise<ReadonlySet<string>> {
  const subjects = await openRegistry(endpoints.registryUrl, timeoutMs).subjects()
  const admin = openKafka({ brokers: endpoints.kafkaBrokers, clientId: 'test' }).admin()
  await admin.connect()
  try {
    const names = [...subjects, ...(await admin.listTopics())]
    return new Set(names.filter((name) => name.startsWith('dance.')))
  } finally {
    await admin.disconnect()
  }
}

async function danceByHand(name: string, ...more: readonly string[]) {
  const { registryUrl, brokers } = placesOf(stack)
  const parameters = ['dance', name, '--registry', registryUrl, '--brokers', brokers, ...more]
  const outcome = await runProgram({
    file: 'contracts/src/main.ts',
    parameters: [...parameters, '--timeout', '20'],
    environment: { NODE_OPTIONS: '--disable-warning=TimeoutNegativeWarning' },
    timeoutMs: 100_000,
  })
  return { outcome }
}
