import { join } from 'node:path'
import { projectRoot } from '@tenseams/cli/instance'
import { portsAt } from '@tenseams/cli/ports'
import { expect, test } from 'vitest'
import { leftoversOf } from './leftovers.ts'

const stack = { instance: 'test-7', portOffset: 10_000 }
const state = join(projectRoot, '.stack', 'test-7')
const idle = { pid: 2, commandLine: 'sleep 9', folder: '/' }

test('a process that works on the data of the instance is left over', () => {
  const kafka = {
    pid: 3,
    commandLine: `java -cp x kafka.Kafka ${state}/run/kafka.properties`,
    folder: '/',
  }
  const orders = { pid: 4, commandLine: 'node main.ts', folder: state }
  expect(leftoversOf(stack, [idle, kafka, orders], [])).toHaveLength(2)
})

test('a process of another instance is not', () => {
  const other = { pid: 3, commandLine: `java ${state}7/run/kafka.properties`, folder: `${state}7` }
  expect(leftoversOf(stack, [idle, other], [])).toEqual([])
})

test('a socket on one of the ports of the instance is left over, others are not', () => {
  const { kafka } = portsAt(10_000)
  const listening = (port: number) => ({ port, loopback: true, pid: 3 })
  expect(leftoversOf(stack, [], [listening(kafka), listening(portsAt(0).kafka)])).toEqual([
    `port ${kafka} (kafka) is still listened on`,
  ])
})

test('a socket of an instance that has taken the ports since is not', () => {
  const { kafka } = portsAt(10_000)
  const other = { pid: 3, commandLine: 'java', folder: '/elsewhere/.stack/test-9' }
  expect(leftoversOf(stack, [other], [{ port: kafka, loopback: true, pid: 3 }])).toEqual([])
})
