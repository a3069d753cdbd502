import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { host } from '@tenseams/cli/ports'
import { batchBytes } from '@tenseams/debezium/record-size'
import { askingPrefix } from '@tenseams/kafka/access/rights'
import { type Jdk, javaProgram } from '../launcher/host/java.ts'
import { classPath, type JvmOptions, jvmArguments } from '../launcher/host/jvm.ts'
import type { Paths } from '../launcher/host/paths.ts'
import { runProgram } from '../launcher/host/program.ts'
import type { Command } from '../launcher/plan/part.ts'

const FORMAT_TIMEOUT_MS = 60_000

/** One Kafka node: its port, the controller of its quorum, and the folder of its log. */
export type KafkaNode = {
  readonly id: number
  readonly port: number
  /** Where brokers talk to each other, and where an administrator gets in before there are users. */
  readonly internalPort: number
  /** The only voter. When it is this node, the node is broker and controller at once. */
  readonly controller: { readonly id: number; readonly port: number }
  readonly logFolder: string
  /** Where it notes which rights were used: a file a day. */
  readonly usesFolder: string
  /** With which brokers and controllers log in to each other. */
  readonly password: string
}

export type KafkaHome = {
  readonly paths: Paths
  readonly jdk: Jdk | undefined
  readonly temporaryFolder: string
  /** The component whose classes are kept; none for a node that only a test has. */
  readonly component?: string
}

export function kafkaSettings(node: KafkaNode): Readonly<Record<string, string | number>> {
  const brokers = `CLIENT://${host}:${node.port},BROKER://${host}:${node.internalPort}`
  const controller = `${host}:${node.controller.port}`
  const isController = node.id === node.controller.id
  return {
    'process.roles': isController ? 'broker,controller' : 'broker',
    'node.id': node.id,
    'controller.quorum.voters': `${node.controller.id}@${controller}`,
    listeners: isController ? `${brokers},CONTROLLER://${controller}` : brokers,
    'advertised.listeners': brokers,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'BROKER',
    ...securityOf(node),
    'log.dirs': node.logFolder,
    'auto.create.topics.enable': 'false',
    'message.max.bytes': batchBytes,
    'group.initial.rebalance.delay.ms': 0,
    // No record every half second for voters and brokers that only this one would have.
    'metadata.max.idle.interval.ms': 0,
    // With one node, replication is one; with few partitions of Kafka's own topics it starts faster.
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 8,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 8,
    // Kafka's default, spelled out because Flink's sinks use all of it.
    'transaction.max.timeout.ms': 900_000,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
  }
}

/** The broker's own user. It logs in to the internal listeners only, by a password that is in its settings. */
export const brokerUser = 'broker'

const PLAIN = 'org.apache.kafka.common.security.plain.PlainLoginModule'
const SCRAM = 'org.apache.kafka.common.security.scram.ScramLoginModule'

/**
 * No listener lets anybody in without a login, and a user may do what it has a right to, nothing else. Brokers and controller
 * have listeners and a login of their own, which need no user in the log: so they start before there is any, and take over a
 * log that was written before there were users.
 */
function securityOf({ password, usesFolder }: KafkaNode): Readonly<Record<string, string>> {
  const own = `${PLAIN} required username="${brokerUser}" password="${password}" user_${brokerUser}="${password}";`
  return {
    'listener.security.protocol.map':
      'CLIENT:SASL_PLAINTEXT,BROKER:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT',
    'sasl.mechanism.inter.broker.protocol': 'PLAIN',
    'sasl.mechanism.controller.protocol': 'PLAIN',
    'listener.name.client.sasl.enabled.mechanisms': 'SCRAM-SHA-256,SCRAM-SHA-512',
    'listener.name.client.scram-sha-256.sasl.jaas.config': `${SCRAM} required;`,
    'listener.name.client.scram-sha-512.sasl.jaas.config': `${SCRAM} required;`,
    'listener.name.broker.sasl.enabled.mechanisms': 'PLAIN',
    'listener.name.broker.plain.sasl.jaas.config': own,
    'listener.name.controller.sasl.enabled.mechanisms': 'PLAIN',
    'listener.name.controller.plain.sasl.jaas.config': own,
    // StandardAuthorizer, with a note of each right that was used (deploy/local/jvm/src/kafka).
    'authorizer.class.name': 'tenseams.kafka.NotingAuthorizer',
    'tenseams.uses.folder': usesFolder,
    'tenseams.uses.asking.client.prefix': askingPrefix,
    'allow.everyone.if.no.acl.found': 'false',
    'super.users': `User:${brokerUser};User:admin`,
  }
}

/** The command that starts a node with a file of settings. */
export function kafkaCommand(home: KafkaHome, settingsFile: string, heapMb: number): Command {
  return {
    file: javaProgram(home.jdk),
    arguments: [...javaArguments(home, heapMb, sharingOf(home)), ...['kafka.Kafka', settingsFile]],
  }
}

/** Kafka writes meta.properties last, so an interrupted formatting is repeated from the beginning. */
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
      ...javaArguments(home, 128),
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

/** A UUID in Kafka's format. One with a leading dash would be taken for an option. */
export function newClusterId(): string {
  return randomBytes(16).toString('base64url').replace(/^-/, 'A')
}

const sharingOf = ({ component, jdk }: KafkaHome) =>
  component === undefined ? {} : { sharing: { component, jdk, folder: 'kafka' } }

const javaArguments = (
  { paths, temporaryFolder }: KafkaHome,
  heapMb: number,
  sharing: Pick<JvmOptions, 'sharing'> = {},
) => [
  ...jvmArguments(paths, { heapMb, log4j: true, temporaryFolder, ...sharing }),
  '-cp',
  classPath(paths, 'kafka'),
]
