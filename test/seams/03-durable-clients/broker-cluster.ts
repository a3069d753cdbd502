import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { projectRoot } from '@tenseams/cli/instance'
import { host, portsAt } from '@tenseams/cli/ports'
import { newSecret } from '@tenseams/identities/store'
import { putUsers } from '@tenseams/kafka/access/users'
import { chooseJava, findJdks } from '@tenseams/local/launcher/host/java'
import { pathsOf } from '@tenseams/local/launcher/host/paths'
import { eventually } from '@tenseams/local/launcher/host/wait'
import { propertiesText } from '@tenseams/local/launcher/install/properties'
import { lastLines } from '@tenseams/local/launcher/supervise/log'
import {
  brokerUser,
  formatKafka,
  type KafkaNode,
  kafkaCommand,
  kafkaSettings,
  newClusterId,
} from '@tenseams/local/parts/kafka-node'
import { freeOffset } from '../../runner/instances/instance.ts'
import { logInWith, openKafka } from '../../support/login.ts'

const HEAP_MB = 192
/** The log cleaner alone would use 128 MB. */
const small = { 'log.cleaner.dedupe.buffer.size': 4_194_304 }
const CONTROLLER_ID = 1

/**
 * Brokers 1, 2 and 3 of one cluster, as processes of a test, on ports of their own. The first is also the controller: it
 * must be neither paused nor killed, because it elects the leaders.
 */
export class BrokerCluster {
  readonly #folder = mkdtempSync(join(tmpdir(), 'ten-seams-brokers-'))
  readonly #home = {
    paths: pathsOf(projectRoot, 'test-brokers'),
    jdk: chooseJava(findJdks()).main,
    temporaryFolder: this.#folder,
  }
  readonly #nodes: readonly KafkaNode[]
  readonly #admin = {
    ...{ username: 'admin', password: newSecret(), mechanism: 'scram-sha-512' as const },
  }
  readonly #processes = new Map<number, ChildProcess>()
  readonly #killAll = () => {
    for (const child of this.#processes.values()) child.kill('SIGKILL')
  }

  constructor() {
    const ports = portsAt(freeOffset())
    const controller = { id: CONTROLLER_ID, port: ports.kafkaController }
    const own = { controller, password: newSecret() }
    this.#nodes = [
      { id: 1, port: ports.kafka, internalPort: ports.kafkaInternal },
      { id: 2, port: ports.registry, internalPort: ports.catalog },
      { id: 3, port: ports.connect, internalPort: ports.flinkRest },
    ].map((node) => {
      const folder = join(this.#folder, String(node.id))
      return { ...node, ...own, logFolder: folder, usesFolder: `${folder}-uses` }
    })
    process.once('exit', this.#killAll)
  }

  /** host:port of the brokers. */
  get brokers(): string {
    return this.#nodes.map(({ port }) => `${host}:${port}`).join(',')
  }

  /** @param settings of each broker, in addition to the launcher's. */
  async start(settings: Readonly<Record<string, string | number>>): Promise<void> {
    const clusterId = newClusterId()
    await Promise.all(
      this.#nodes.map(async (node) => {
        const file = this.#settingsFile(node)
        writeFileSync(file, propertiesText({ ...kafkaSettings(node), ...small, ...settings }))
        await formatKafka(this.#home, file, node, clusterId)
        this.#processes.set(node.id, this.#spawn(node))
      }),
    )
    await eventually(() => this.#isWhole(), {
      timeoutMs: 270_000,
      what: 'three brokers to know each other',
      intervalMs: 500,
    }).catch((error: unknown) => {
      const ends = this.#nodes.flatMap((node) => lastLines(this.#logFile(node), 5))
      throw new Error(ends.join('\n'), { cause: error })
    })
  }

  /** Makes the only user of these brokers, as whom this process logs in. */
  async #logIn(): Promise<void> {
    const [first] = this.#nodes
    if (first === undefined) return
    const login = { username: brokerUser, password: first.password, mechanism: 'plain' } as const
    const brokers = `${host}:${first.internalPort}`
    await putUsers({ brokers, clientId: 'test-cluster', login }, [this.#admin])
    logInWith(join(this.#folder, 'admin.json'), this.#admin)
  }

  signal(id: number, signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void {
    this.#processes.get(id)?.kill(signal)
  }

  /** The size of a broker's log of the first partition of a topic. */
  bytesOf(id: number, topic: string): number {
    return statSync(join(this.#folder, String(id), `${topic}-0`, `${'0'.repeat(20)}.log`)).size
  }

  async close(): Promise<void> {
    const ends = [...this.#processes.values()].map((child) =>
      child.exitCode === null && child.signalCode === null
        ? new Promise((resolve) => child.once('exit', resolve))
        : undefined,
    )
    this.#killAll()
    await Promise.all(ends)
    process.off('exit', this.#killAll)
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #spawn(node: KafkaNode): ChildProcess {
    const command = kafkaCommand(this.#home, this.#settingsFile(node), HEAP_MB)
    const log = openSync(this.#logFile(node), 'a')
    const child = spawn(command.file, command.arguments, { stdio: ['ignore', log, log] })
    closeSync(log)
    return child
  }

  async #isWhole(): Promise<boolean> {
    await this.#logIn()
    const admin = openKafka({ brokers: this.brokers, clientId: 'test-cluster' }).admin()
    try {
      await admin.connect()
      return (await admin.describeCluster()).brokers.length === this.#nodes.length
    } finally {
      await admin.disconnect()
    }
  }

  readonly #settingsFile = ({ id }: KafkaNode) => join(this.#folder, `${id}.properties`)
  readonly #logFile = ({ id }: KafkaNode) => join(this.#folder, `${id}.log`)
}
