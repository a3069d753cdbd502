import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '@tenseams/local/launcher/host/wait'
import type { Stack } from '@tenseams/local/launcher/supervise/stack'
import { type Loss, type LossyProxy, openLossyProxy } from '../../support/lossy-proxy.ts'
import { proofsFolder } from '../eos/journal.ts'
import { SinkProcess, WriterProcess } from './child.ts'
import type { Phase, SinkName } from './schedule.ts'

export const PROGRESS = { timeoutMs: 90_000, what: 'a sink to commit' }

/** The setting of a provocation: two sinks, each with a proxy before the catalogue, and a writer. */
export class Scene {
  readonly sinks: Partial<Record<SinkName, SinkProcess>> = {}
  readonly #stack: Stack
  readonly #folder: string
  readonly #broken: string | undefined
  readonly proxies: Readonly<Record<SinkName, LossyProxy>>
  readonly writer: WriterProcess

  private constructor(stack: Stack, proxies: Scene['proxies'], opening: Opening) {
    this.#stack = stack
    this.#broken = opening.broken
    this.proxies = proxies
    this.#folder = join(proofsFolder, 'lake')
    rmSync(this.#folder, { recursive: true, force: true })
    mkdirSync(this.#folder, { recursive: true })
    const { kafkaBrokers: brokers, registryUrl } = stack.endpoints
    const journalFile = join(this.#folder, 'writer.jsonl')
    const { seed, recordsPerSecond } = opening
    this.writer = new WriterProcess({ brokers, registryUrl, seed, recordsPerSecond, journalFile })
  }

  static async open(stack: Stack, opening: Opening): Promise<Scene> {
    const { catalogUrl } = stack.endpoints
    const proxies = { a: await openLossyProxy(catalogUrl), b: await openLossyProxy(catalogUrl) }
    return new Scene(stack, proxies, opening)
  }

  sink(name: SinkName): SinkProcess {
    const sink = this.sinks[name]
    if (sink === undefined) throw new Error(`the sink ${name} has not been started`)
    return sink
  }

  async begin(name: SinkName, phase: Phase): Promise<void> {
    const sink = new SinkProcess({
      brokers: this.#stack.endpoints.kafkaBrokers,
      registryUrl: this.#stack.endpoints.registryUrl,
      catalogUrl: this.proxies[name].url,
      groupId: phase === 'sharing' ? 'lake' : `lake-${name}`,
      logFile: join(this.#folder, `sink-${name}.log`),
      flushIntervalMs: 200,
      ...(this.#broken !== undefined && { broken: this.#broken }),
    })
    this.sinks[name] = sink
    await sink.ready()
  }

  async beginBoth(phase: Phase): Promise<void> {
    await this.endBoth('SIGTERM')
    await Promise.all([this.begin('a', phase), this.begin('b', phase)])
    await this.someCommits('b', 1)
  }

  async endBoth(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    await Promise.all([this.sinks.a?.end(signal), this.sinks.b?.end(signal)])
  }

  async someCommits(name: SinkName, more: number): Promise<void> {
    const before = this.sink(name).commits
    await eventually(() => this.sink(name).commits >= before + more, PROGRESS)
  }

  /** Applies a loss to the next commit of a sink; resolves when that has happened. */
  async lose(name: SinkName, loss: Loss): Promise<void> {
    this.proxies[name].lose(loss)
    await eventually(() => this.proxies[name].hasStruck(), { ...PROGRESS, what: loss })
  }

  async close(): Promise<void> {
    this.writer.end()
    await this.endBoth('SIGKILL')
    await Promise.all([this.proxies.a.close(), this.proxies.b.close()])
  }
}

type Opening = {
  readonly seed: number
  readonly recordsPerSecond: number
  readonly broken?: string | undefined
}
