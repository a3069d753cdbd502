import type { PortName, Ports } from '@tenseams/cli/ports'
import type { Profile as AlertProfile } from '@tenseams/contracts/slo/windows'
import type { Java } from '../host/java.ts'
import type { Paths } from '../host/paths.ts'
import type { Account } from '../host/program.ts'
import type { Secrets } from '../install/secrets.ts'
import type { DebeziumLine } from './debezium-line.ts'
import type { Endpoints } from './endpoints.ts'
import type { Profile } from './profiles.ts'

/** Everything about an instance that its parts need in order to start. */
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
  /** The line of Debezium that runs in Connect. */
  readonly debezium: DebeziumLine
  /** Flink intervals that replace the jobs' own, such as `{ window: "INTERVAL '10' SECOND" }`. */
  readonly intervals?: Readonly<Record<string, string>>
  /** Time between two refreshes of silver and gold; the service's default when left out. */
  readonly silverIntervalMs?: number
  /** The size at which a component's log is emptied, its content kept once; 50 MB when left out. */
  readonly logLimitBytes?: number
  /** The memory for RocksDB that all slots of the TaskManager share, in MB; 256 when left out. */
  readonly flinkManagedMemoryMb?: number
  /** How long the windows of alerts are: `drill` makes them 20 times shorter; `normal` when left out. */
  readonly alerts?: AlertProfile
  /**
   * Services, by name, that start from another file than their own `src/main.ts`, each given from the repository's root.
   * For proofs: a service with one part replaced by a faulty one. Like every setting it is remembered with the instance,
   * so a service that is killed and started again runs the same file.
   */
  readonly entryFiles?: Readonly<Record<string, string>>
}

export type Command = {
  readonly file: string
  readonly arguments: readonly string[]
  /** Added to PATH, HOME, LANG and TZ; nothing else of our environment is passed on. */
  readonly environment?: Readonly<Record<string, string>>
  readonly folder?: string
  readonly account?: Account | undefined
}

type Common = {
  readonly name: string
  /** What it is, in a few words, for people. */
  readonly title: string
  readonly profiles: readonly Profile[]
  /** In no start of a profile: only when it is named, or needed by one that is. */
  readonly isOnDemand?: boolean
  /** The parts that must be ready before this one starts. Those outside of the profile are ignored. */
  readonly needs: readonly string[]
  /** It starts after all others that are started with it, and stops before them, though it needs none of them. */
  readonly isLast?: boolean
  /** What the user must know about it, such as a folder outside of the repository. */
  readonly notice?: (context: Context) => string | undefined
}

/** A part with a process of its own. */
export type Component = Common & {
  readonly kind: 'component'
  /** The ports that it listens on. Preflight requires that they are free. */
  readonly ports: readonly PortName[]
  /** The page to show to people, if there is one. */
  readonly url?: (context: Context) => string
  /** Writes the files that the process needs to start. Must be idempotent. */
  readonly prepare?: (context: Context) => Promise<void>
  readonly command: (context: Context) => Promise<Command>
  /** The readiness probe, called about every 100 ms. Throwing means "not yet". */
  readonly isReady: (context: Context) => Promise<boolean>
  readonly readyTimeoutMs: number
  readonly stopSignal: 'SIGTERM' | 'SIGINT'
  /** After this time it is killed. */
  readonly stopTimeoutMs: number
  /** Whether a run has done what later ones will do. Of one that has not, no classes are kept (host/class-sharing.ts). */
  readonly hasWorked?: (paths: Paths) => boolean
  /** Nobody needs it to do their work: that it does not start is reported, and the start goes on without it. */
  readonly isOptional?: boolean
  /** Started again by the watcher when it exits by itself. */
  readonly isWatched?: boolean
  /** Steps to repeat after a restart of this component, since their effect is lost with its process. */
  readonly forgets?: readonly string[]
}

/** A part that runs once at each start and leaves no process. Must be idempotent. */
export type Step = Common & {
  readonly kind: 'step'
  readonly run: (context: Context) => Promise<void>
  readonly timeoutMs: number
  /** Runs before the parts that it needs are stopped. A failure is reported, and stopping continues. */
  readonly undo?: {
    readonly isNeeded: (context: Context) => boolean
    readonly run: (context: Context) => Promise<void>
    readonly timeoutMs: number
  }
}

export type Part = Component | Step
