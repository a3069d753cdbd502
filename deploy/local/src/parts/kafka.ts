import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { accepts } from '../check.ts'
import { javaProgram } from '../java.ts'
import { classPath, jvmArguments } from '../jvm.ts'
import type { Component, Context } from '../part.ts'
import { host } from '../ports.ts'
import { everyProfile } from '../profiles.ts'
import { runProgram } from '../program.ts'
import { propertiesText } from '../properties.ts'

const FORMAT_TIMEOUT_MS = 60_000

/** One Kafka node, broker and controller at once. */
export const kafka: Component = {
  kind: 'component',
  name: 'kafka',
  title: 'Kafka 4.3, KRaft',
  profiles: everyProfile,
  needs: [],
  ports: ['kafka', 'kafkaController'],
  prepare: async (context) => {
    await mkdir(folderOf(context), { recursive: true })
    await writeFile(settingsFile(context), propertiesText(settings(context)))
    await format(context)
  },
  command: async ({ places, java, ...context }) => ({
    file: javaProgram(java.main),
    arguments: [
      ...jvmArguments(places, { heapMb: 512, log4j: true }),
      '-cp',
      classPath(places, 'kafka'),
      'kafka.Kafka',
      settingsFile({ places, java, ...context }),
    ],
  }),
  isReady: ({ ports }) => accepts(host, ports.kafka),
  readyTimeoutMs: 120_000,
  stopSignal: 'SIGTERM',
  stopTimeoutMs: 30_000,
}

const folderOf = ({ places }: Context) => join(places.data, 'kafka')
const logFolderOf = (context: Context) => join(folderOf(context), 'log')
const settingsFile = ({ places }: Context) => join(places.run, 'kafka.properties')

function settings(context: Context): Readonly<Record<string, string | number>> {
  const { ports } = context
  const broker = `PLAINTEXT://${host}:${ports.kafka}`
  return {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@${host}:${ports.kafkaController}`,
    listeners: `${broker},CONTROLLER://${host}:${ports.kafkaController}`,
    'advertised.listeners': broker,
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': logFolderOf(context),
    'auto.create.topics.enable': 'false',
    'group.initial.rebalance.delay.ms': 0,
    // One node: replication is one, and few partitions of Kafka's own topics start faster.
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 8,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 8,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
  }
}

/** Kafka's own mark of a formatted folder is written last, so an interrupted formatting is done again from the start. */
async function format(context: Context): Promise<void> {
  const folder = logFolderOf(context)
  if (existsSync(join(folder, 'meta.properties'))) return
  await rm(folder, { recursive: true, force: true })
  await runProgram({
    file: javaProgram(context.java.main),
    arguments: [
      ...jvmArguments(context.places, { heapMb: 128, log4j: true }),
      '-cp',
      classPath(context.places, 'kafka'),
      'kafka.tools.StorageTool',
      'format',
      '--cluster-id',
      clusterId(),
      '--config',
      settingsFile(context),
    ],
    timeoutMs: FORMAT_TIMEOUT_MS,
  })
}

/** A UUID in Kafka's spelling; one that began with a dash would be taken for an option. */
function clusterId(): string {
  return randomBytes(16).toString('base64url').replace(/^-/, 'A')
}
