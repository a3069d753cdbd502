import type { PortName, Ports } from '@tenseams/cli/ports'
import type { Java } from '../host/java.ts'
import type { Paths } from '../host/paths.ts'
import type { Secrets } from '../install/secrets.ts'
import type { DebeziumLine } from './debezium-line.ts'
import type { Endpoints } from './endpoints.ts'
import type { Profile } from './profiles.ts'

/** All that a part needs to know to be started. */
export type Context = {
  readonly paths: Paths
  readonly portOffset: number
  readonly ports: Ports
  readonly endpoints: Endpoints
  readonly secrets: Secrets
  readonly java: Java
  readonly settings: StackSettings
}

export type StackSettings = {
  /** Time between two checkpoints of a Flink job. */
  readonly checkpointIntervalMs: number
  /** With which Debezium Connect runs. */
  readonly debezium: DebeziumLine
  /** Flink intervals that replace the jobs' own, such as `{ window: "INTERVAL '10' SECOND" }`. */
  readonly intervals?: Readonly<Record<string, string>>
  /** From one round in which silver and gold are made to the next; the service's own when left out. */
  readonly silverIntervalMs?: number
  /** What all slots of Flink's TaskManager share for RocksDB, in MB; 256 when left out. */
  readonly flinkManagedMemoryMb?: number
  /**
   * Services, by name, that start from another file than their own `src/main.ts`, each given from the repository's root.
   * For proofs: a service with one part replaced by a faulty one. Like every setting it is remembered with the instance,
   * so a service that is killed and started again runs the same file.
   */
  readonly entryFiles?: Readonly<Record<string, string>>
  /** A service that runs without one of its guards, for a proof that must then fail. */
  readonly broken?: { readonly part: string; readonly guard: string }
}

/** An account of the operating system; undefined stands for the one that we run as. */
export type Account = { readonly name: string; readonly uid: number; readonly gid: number }

export type Command = {
  readonly file: string
  readonly arguments: readonly string[]
  /** Added to PATH, HOME, LANG and TZ; nothing else of our own environment is passed on. */
  readonly environment?: Readonly<Record<string, string>>
  readonly folder?: string
  readonly account?: Account | undefined
}

type Common = {
  readonly name: string
  /** For people: what it is, in a few words. */
  readonly title: string
  readonly profiles: readonly Profile[]
  /** What must be ready before this is started. Those that are not of the profile are left out. */
  readonly needs: readonly string[]
}

/** A part with a process of its own. */
export type Component = Common & {
  readonly kind: 'component'
  /** Ports that it listens on; the doctor looks at them, preflight wants them free. */
  readonly ports: readonly PortName[]
  /** The page to show to people, if there is one. */
  readonly url?: (context: Context) => string
  /** Something about it that people must be told, such as a folder outside the project. */
  readonly notice?: (context: Context) => string | undefined
  /** Files to be written before the process begins. Must be harmless to repeat. */
  readonly prepare?: (context: Context) => Promise<void>
  readonly command: (context: Context) => Promise<Command>
  /** Asked every 100 ms or so; may throw, which counts as not yet. */
  readonly isReady: (context: Context) => Promise<boolean>
  readonly readyTimeoutMs: number
  readonly stopSignal: 'SIGTERM' | 'SIGINT'
  /** After this it is killed. */
  readonly stopTimeoutMs: number
  /** Steps to be done again after this has been started anew, since it forgets what they did. */
  readonly forgets?: readonly string[]
}

/** A part that is done once at each start and leaves no process. Must be harmless to repeat. */
export type Step = Common & {
  readonly kind: 'step'
  readonly run: (context: Context) => Promise<void>
  readonly timeoutMs: number
  /** Done before what it needs is stopped. A failure is told and does not keep the rest from stopping. */
  readonly undo?: {
    readonly isNeeded: (context: Context) => boolean
    readonly run: (context: Context) => Promise<void>
    readonly timeoutMs: number
  }
}

export type Part = Component | Step
