import { statfsSync } from 'node:fs'
import { availableParallelism, freemem } from 'node:os'
import { missingArtefacts } from '../install/artefacts.ts'
import type { Context } from '../plan/part.ts'
import type { Planned } from '../plan/plan.ts'
import type { Profile } from '../plan/profiles.ts'
import { lookAt } from '../supervise/supervisor.ts'
import { type Java, mainMajors, registryMajors } from './java.ts'
import { commandOf } from './procfs.ts'
import { ProgramFailed, runProgram } from './program.ts'
import { listeners } from './sockets.ts'

/** What a machine is like, as far as it matters. */
export type Facts = {
  readonly platform: string
  readonly java: Java
  /** Maven is asked only when jars are missing. */
  readonly jarsMissingMb: number
  readonly maven: string | undefined
  readonly availableMemoryMb: number
  readonly freeDiskMb: number
  readonly cores: number
  readonly takenPorts: readonly TakenPort[]
}

export type TakenPort = {
  readonly part: string
  readonly port: number
  readonly pid: number | undefined
  readonly command: string
}

/** Something is not as it must be, with what to do about it. */
export type Lack = { readonly what: string; readonly remedy: string }

export class PreflightFailed extends Error {
  readonly code = 'PREFLIGHT_FAILED'
  readonly retriable = false
}

const leastMemoryMb: Readonly<Record<Profile, number>> = { minimal: 1_800, full: 3_600 }
const LEAST_DISK_MB = 2_000

/** Compares facts with needs: one line for each lack, none when all is well. */
export function lacksOf(facts: Facts, profile: Profile): readonly Lack[] {
  return [
    ...platformLacks(facts),
    ...javaLacks(facts.java),
    ...mavenLacks(facts),
    ...roomLacks(facts, profile),
    ...facts.takenPorts.map(portLack),
  ]
}

function platformLacks({ platform }: Facts): readonly Lack[] {
  if (platform === 'linux') return []
  const remedy = 'run it in a Linux machine or container: the launcher reads /proc'
  return [{ what: `${platform} is not Linux`, remedy }]
}

function javaLacks({ main, registry }: Java): readonly Lack[] {
  const remedy =
    'install one (e.g. apt-get install openjdk-17-jdk-headless, or Temurin) or set JAVA_HOME'
  const { least, most } = mainMajors
  return [
    ...(main ? [] : [{ what: `no JDK from ${least} to ${most} was found`, remedy }]),
    ...(registry
      ? []
      : [
          {
            what: `no JDK of ${registryMajors.least} or later was found, which the schema registry needs`,
            remedy: 'install one beside the other (e.g. Temurin 21) below /usr/lib/jvm or ~/.jdks',
          },
        ]),
  ]
}

function mavenLacks({ jarsMissingMb, maven }: Facts): readonly Lack[] {
  if (jarsMissingMb === 0 || maven !== undefined) return []
  return [
    { what: 'mvn was not found', remedy: 'install Maven 3.8 or later (apt-get install maven)' },
  ]
}

function roomLacks(facts: Facts, profile: Profile): readonly Lack[] {
  const memory = leastMemoryMb[profile]
  const disk = LEAST_DISK_MB + facts.jarsMissingMb * 2
  const lacks: Lack[] = []
  if (facts.availableMemoryMb < memory) {
    const what = `${facts.availableMemoryMb} MB of memory are available, the profile ${profile} needs ${memory}`
    lacks.push({ what, remedy: 'close other programs, or take --profile minimal' })
  }
  if (facts.freeDiskMb < disk) {
    const what = `${facts.freeDiskMb} MB of disk are free, ${disk} are needed`
    lacks.push({ what, remedy: 'make room on the disk of the project' })
  }
  return lacks
}

function portLack({ part, port, pid, command }: TakenPort): Lack {
  const holder = pid === undefined ? 'a process of somebody else' : `process ${pid} (${command})`
  return {
    what: `port ${port}, which ${part} needs, is taken by ${holder}`,
    remedy: 'end that process, or start with --instance <name> --port-offset <100, 200, …>',
  }
}

/** Looks at the machine. What of the instance runs already needs neither its ports nor memory again. */
export async function gatherFacts(
  context: Context,
  profile: Profile,
  plan: readonly Planned[],
): Promise<Facts> {
  const { paths, settings } = context
  const missing = missingArtefacts(paths, { profile, debezium: settings.debezium })
  const jarsMissingMb = missing.reduce((sum, { megabytes }) => sum + megabytes, 0)
  const { bavail, bsize } = statfsSync(paths.root)
  const begun = plan.some(({ part }) => lookAt(paths, part.name) !== 'stopped')
  return {
    platform: process.platform,
    java: context.java,
    jarsMissingMb,
    maven: jarsMissingMb === 0 ? undefined : await mavenVersion(),
    availableMemoryMb: begun ? Number.POSITIVE_INFINITY : Math.round(freemem() / 2 ** 20),
    freeDiskMb: Math.round((bavail * bsize) / 2 ** 20),
    cores: availableParallelism(),
    takenPorts: takenPorts(context, plan),
  }
}

async function mavenVersion(): Promise<string | undefined> {
  try {
    const output = await runProgram({ file: 'mvn', arguments: ['-v'], timeoutMs: 30_000 })
    return output.split('\n')[0]
  } catch (error) {
    if (error instanceof ProgramFailed) return undefined
    throw error
  }
}

function takenPorts(context: Context, plan: readonly Planned[]): readonly TakenPort[] {
  const taken = new Map(listeners().map((listener) => [listener.port, listener]))
  return plan.flatMap(({ part }) => {
    if (part.kind === 'step' || isLive(context, part.name)) return []
    return part.ports.flatMap((name) => {
      const listener = taken.get(context.ports[name])
      if (listener === undefined) return []
      const { port, pid } = listener
      const command = pid === undefined ? '' : commandOf(pid)
      return [{ part: part.name, port, pid, command }]
    })
  })
}

function isLive({ paths }: Context, name: string): boolean {
  const state = lookAt(paths, name)
  return state !== 'stopped' && state !== 'failed'
}

/** Spells lacks for people, one a line with its remedy below. */
export function lackLines(lacks: readonly Lack[]): readonly string[] {
  return lacks.flatMap(({ what, remedy }) => [`✗ ${what}`, `    → ${remedy}`])
}
