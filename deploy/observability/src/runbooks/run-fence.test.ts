import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { secretsFolderOf, stateFolderOf } from '@tenseams/cli/instance'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Fence } from './page.ts'
import { labelsKnownTo, missingLabels, runFence } from './run-fence.ts'

const instance = `runbook-test-${process.pid}`
const secrets = {
  admin: {
    kafka: { username: 'admin', password: 'a1', mechanism: 'scram-sha-512' },
    postgres: { postgres: 'b2' },
  },
  operator: { token: 'c3' },
}

beforeAll(() => {
  const folder = secretsFolderOf(instance)
  mkdirSync(folder, { recursive: true })
  for (const [name, content] of Object.entries(secrets)) {
    writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(content, null, 2)}\n`)
  }
})
afterAll(() => rmSync(stateFolderOf(instance), { recursive: true }))

const fence = (command: string, withinSeconds = 20): Fence => ({
  ...{ name: 'it', kind: 'check', destroys: false, section: 'Diagnose', line: 1 },
  ...{ command, withinSeconds },
})

const run = (
  command: string,
  options: { within?: number; portOffset?: number; of?: string } = {},
) =>
  runFence(fence(command, options.within), {
    target: { instance: options.of ?? instance, portOffset: options.portOffset },
    labels: { group: 'payments' },
  })

test('commands know the instance, its ports and the labels of the alert', async () => {
  const { output, exitCode } = await run(
    'echo "$INSTANCE $BROKERS $GROUP $(url_of payment-provider)"',
    {
      portOffset: 100,
    },
  )
  expect(output.trim()).toBe(`${instance} 127.0.0.1:20111 payments http://127.0.0.1:20102`)
  expect(exitCode).toBe(0)
})

test('logins are in files that only their owner reads', async () => {
  const { output } = await run(
    'stat -c %a "$KAFKA_LOGIN" "$BEARER" "$BASIC" "$PGPASSFILE"; cat "$KAFKA_LOGIN" "$BEARER" "$BASIC" "$PGPASSFILE"',
  )
  expect(output).toContain('600\n600\n600\n600\n')
  expect(output).toContain('sasl.mechanism=SCRAM-SHA-512')
  expect(output).toContain('username="admin" password="a1"')
  expect(output).toContain('header = "Authorization: Bearer c3"')
  expect(output).toContain('user = "operator:c3"')
  expect(output).toContain('*:*:*:postgres:b2')
})

test('the first command that fails ends the others, and says how', async () => {
  expect(await run('false | cat\necho later')).toMatchObject({ exitCode: 1, output: '' })
  expect(await run('exit 7')).toMatchObject({ exitCode: 7 })
})

test('commands that take too long are ended, with all that they have started', async () => {
  const { exitCode, reason, tookMs } = await run('sleep 300 | sleep 300', { within: 1 })
  expect([exitCode, reason]).toEqual([undefined, 'it took longer than 1 s'])
  expect(tookMs).toBeLessThan(20_000)
})

test('commands are ended when nobody waits any more', async () => {
  const signal = AbortSignal.abort()
  const target = { instance, portOffset: undefined }
  const outcome = await runFence(fence('sleep 300'), { target, labels: {}, signal })
  expect(outcome).toMatchObject({ exitCode: undefined, reason: 'it was interrupted' })
})

test('an instance that is not there is named', async () => {
  const { exitCode, output } = await run('echo never', { of: 'not-there' })
  expect(exitCode).toBe(2)
  expect(output).toContain('there is no instance "not-there"')
  expect(output).not.toContain('never')
})

test.each([
  ['at_most 30', 'a 30', 0],
  ['at_most 30', 'a 30\nb 31', 1],
  ['at_most 30', '', 1],
  ['at_least 1', 'a 1', 0],
  ['at_least 1', 'a 1\nb 0', 1],
])('… | %s judges %j with %i', async (judge, series, exitCode) => {
  const written = series === '' ? ':' : `printf '${series.replaceAll('\n', '\\n')}\\n'`
  expect(await run(`${written} | ${judge}`)).toMatchObject({ exitCode })
})

test('… | younger_than judges points in time', async () => {
  expect(await run('echo "a $(($(date +%s) - 10))" | younger_than 60')).toMatchObject({
    exitCode: 0,
  })
  expect(await run('echo "a $(($(date +%s) - 90))" | younger_than 60')).toMatchObject({
    exitCode: 1,
  })
})

test('a label that commands use and nobody has said is missing', () => {
  const page = { labels: { group: 'payments', topic: 'a' } }
  expect(missingLabels(fence('echo "${GROUP%%-*}"'), page, {})).toEqual(['group'])
  expect(missingLabels(fence('echo "$GROUP"'), page, { group: 'a' })).toEqual([])
  expect(missingLabels(fence('echo ${PID:?export it first} ${ORDER_ID:-none}'), page, {})).toEqual([
    'pid',
  ])
  const fences = [fence('echo ${PID:?export it first} ${ORDER_ID:-none}')]
  expect(labelsKnownTo({ ...page, fences })).toEqual(['group', 'topic', 'pid', 'order_id'])
})
