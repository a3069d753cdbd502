import { components } from '@tenseams/local/parts/parts'
import { beforeAll, expect, test } from 'vitest'
import { runProgram } from '../../runner/program.ts'
import { openKafka } from '../../support/login.ts'
import { type TestStack, useStack } from '../../support/stack.ts'

let stack: TestStack

beforeAll(async () => {
  stack = await useStack()
})

/** Starts a service as the launcher does, but as somebody else. */
async function startedAs(identity: 'payments' | 'orders', name: string) {
  const component = components.find((each) => each.name === name)
  if (component === undefined) expect.fail(`there is no service ${name}`)
  const { arguments: given, environment = {} } = await component.command(stack.context)
  const [file, ...parameters] = given.filter((argument) => !argument.startsWith('--disable'))
  if (file === undefined) expect.fail(`${name} has no program`)
  return runProgram({
    ...{ file, parameters, timeoutMs: 60_000 },
    environment: { ...environment, CREDENTIALS_FILE: stack.secrets.fileOf(identity) },
  })
}

test('a service that lacks a right ends, and says which right and what to do', async () => {
  const { ok, output } = await startedAs('orders', 'fulfilment')
  expect(ok).toBe(false)
  for (const line of [
    'orders may not read orders.order.v1',
    'orders may not write fulfilment.shipment.v1',
    'orders may not read as a member of the group fulfilment',
    'orders may not write in transactions fulfilment-',
    'npm run contracts -- publish',
  ]) {
    expect(output).toContain(line)
  }
}, 90_000)

test('whoever does not log in is not let in', async () => {
  const anonymous = await import('@tenseams/kafka/client')
  const { kafkaBrokers: brokers } = stack.endpoints
  const kafka = anonymous.openKafka({ brokers, clientId: 'nobody', credentialsFile: undefined })
  const admin = kafka.admin({ retry: { retries: 0 } })
  await expect(admin.connect().then(() => admin.listTopics())).rejects.toThrow()
  await admin.disconnect()
  const known = openKafka({ brokers, clientId: 'test' }).admin()
  await known.connect()
  expect(await known.listTopics()).toContain('orders.order.v1')
  await known.disconnect()
})

test('a verb that does not know with what to log in says so, and ends', async () => {
  const { reason, output } = await runProgram({
    file: 'packages/kafka/src/dlq-command.ts',
    parameters: [
      'list',
      '--brokers',
      stack.endpoints.kafkaBrokers,
      '--credentials',
      'nowhere.json',
    ],
    timeoutMs: 60_000,
  })
  expect(reason, output).toBe('exit code 2')
  expect(output).toContain('the credentials in nowhere.json cannot be read (ENOENT)')
})
