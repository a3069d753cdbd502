import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { host } from '@tenseams/cli/ports'
import { kafkaUsesFolder, temporaryFolderOf } from '../launcher/host/paths.ts'
import { accepts } from '../launcher/host/probe.ts'
import { propertiesText } from '../launcher/install/properties.ts'
import { writeSecretFile } from '../launcher/install/secret-file.ts'
import type { Component, Context } from '../launcher/plan/part.ts'
import { everyProfile } from '../launcher/plan/profiles.ts'
import { formatKafka, type KafkaNode, kafkaCommand, kafkaSettings } from './kafka-node.ts'
import { brokerPassword } from './kafka-users.ts'

const HEAP_MB = 512

/** One Kafka node, broker and controller at once. */
export const kafka: Component = {
  kind: 'component',
  name: 'kafka',
  title: 'Kafka 4.2, KRaft',
  profiles: everyProfile,
  needs: [],
  ports: ['kafka', 'kafkaController', 'kafkaInternal'],
  prepare: async (context) => {
    const node = nodeOf(context)
    await mkdir(folderOf(context), { recursive: true })
    await mkdir(node.usesFolder, { recursive: true, mode: 0o700 })
    await writeSecretFile(settingsFile(context), propertiesText(kafkaSettings(node)))
    await formatKafka(homeOf(context), settingsFile(context), node)
  },
  command: async (context) => kafkaCommand(homeOf(context), settingsFile(context), HEAP_MB),
  // One listener opens after the other, and its users are made over the second one.
  isReady: async ({ ports }) =>
    (await accepts(host, ports.kafka)) && accepts(host, ports.kafkaInternal),
  readyTimeoutMs: 120_000,
  stopSignal: 'SIGTERM',
  stopTimeoutMs: 30_000,
}

const homeOf = ({ paths, java }: Context) => ({
  paths,
  jdk: java.main,
  component: 'kafka',
  temporaryFolder: temporaryFolderOf(paths, 'kafka'),
})
const folderOf = ({ paths }: Context) => join(paths.data, 'kafka')
const settingsFile = ({ paths }: Context) => join(paths.run, 'kafka.properties')

const nodeOf = (context: Context): KafkaNode => ({
  id: 1,
  port: context.ports.kafka,
  internalPort: context.ports.kafkaInternal,
  password: brokerPassword(context),
  controller: { id: 1, port: context.ports.kafkaController },
  logFolder: join(folderOf(context), 'log'),
  usesFolder: kafkaUsesFolder(context.paths),
})
