import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { host } from '@tenseams/cli/ports'
import { type Jdk, javaProgram } from '../launcher/host/java.ts'
import { classPath, jvmArguments } from '../launcher/host/jvm.ts'
import type { Paths } from '../launcher/host/paths.ts'
import { runProgram } from '../launcher/host/program.ts'
import type { Command } from '../launcher/plan/part.ts'

const FORMAT_TIMEOUT_MS = 60_000

/** One Kafka node: where it listens, who leads its quorum, and where it keeps its log. */
export type KafkaNode = {
  readonly id: number
  readonly port: number
  /** The only voter; when it is this node, it is broker and controller at once. */
  readonly controller: { readonly id: number; readonly port: number }
  readonly logFolder: string
}

export type KafkaHome = { readonly paths: Paths; readonly jdk: Jdk | undefined }

export function kafkaSettings(node: KafkaNode): Readonly<Record<string, string | number>> {
  const broker = `PLAINTEXT://${host}:${node.port}`
  const controller = `${host}:${node.controller.port}`
  const isController = node.id === node.controller.id
  return {
    'process.roles': isController ? 'broker,controller' : 'broker',
    'node.id': node.id,
    'controller.quorum.voters': `${node.controller.id}@${controller}`,
    listeners: isController ? `${broker},CONTROLLER://${controller}` : broker,
    'advertised.listeners': broker,
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': node.logFolder,
    'auto.create.topics.enable': 'false',
    'group.initial.rebalance.delay.ms': 0,
    // One node: replication is one, and few partitions of Kafka's own topics start faster.
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 8,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 8,
    // Kafka's own default, written down because Flink's sinks take all of it.
    'transaction.max.timeout.ms': 900_000,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
  }
}

/** How a node is started on its settings. */
export function kafkaCommand(home: KafkaHome, settingsFile: string, heapMb: number): Command {
  return {
    file: javaProgram(home.jdk),
    arguments: [...javaArguments(home.paths, heapMb), 'kafka.Kafka', settingsFile],
  }
}

/** Kafka's own mark of a formatted folder is written last, so an interrupted formatting is done again from the start. */
export async function formatKafka(
  home: KafkaHome,
  settingsFile: string,
  { logFolder }: KafkaNode,
  clusterId = newClusterId(),
): Promise<void> {
  if (existsSync(join(logFolder, 'meta.properties'))) return
  await rm(logFolder, { recursive: true, force: true })
  await runProgram({
    file: javaProgram(home.jdk),
    arguments: [
      ...javaArguments(home.paths, 128),
      'kafka.tools.StorageTool',
      'format',
      '--cluster-id',
      clusterId,
      '--config',
      settingsFile,
    ],
    timeoutMs: FORMAT_TIMEOUT_MS,
  })
}

/** A UUID in Kafka's spelling; one that began with a dash would be taken for an option. */
export function newClusterId(): string {
  return randomBytes(16).toString('base64url').replace(/^-/, 'A')
}

const javaArguments = (paths: Paths, heapMb: number): readonly string[] => [
  ...jvmArguments(paths, { heapMb, log4j: true }),
  '-cp',
  classPath(paths, 'kafka'),
]
