import { statfsSync } from 'node:fs'
import { availableParallelism, freemem } from 'node:os'
import { needsUtf8, refusedCharacters } from '../host/checkout-path.ts'
import { type Java, mainMajors, registryMajors } from '../host/java.ts'
import { commandOf } from '../host/procfs.ts'
import { ProgramFailed, runProgram } from '../host/program.ts'
import { listeners } from '../host/sockets.ts'
import { missingArtefacts } from '../install/artefacts.ts'
import type { Context } from '../plan/part.ts'
import type { Planned } from '../plan/plan.ts'
import type { Profile } from '../plan/profiles.ts'
import { lookAt } from './supervisor.ts'

/** The properties of a machine that matter for a start. */
export type Facts = {
  readonly platform: string
  /** The checkout's folder. */
  readonly root: string
  /** Whether the locale with which every program is started can pass on names that are not ASCII. */
  readonly utf8Locale: boolean
  readonly java: Java
  /** Maven is run only when jars are missing. */
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

/** A requirement that the machine does not meet, and what to do about it. */
export type Lack = { readonly what: string; readonly remedy: string }

export class PreflightFailed extends Error {
  readonly code = 'PREFLIGHT_FAILED'
  readonly retriable = false
}

const leastMemoryMb: Readonly<Record<Profile, number>> = {
  minimal: 1_800,
  full: 3_600,
  ops: 3_850,
}
const LEAST_DISK_MB = 2_000

/** Compares facts with requirements: what is lacking, or nothing. */
export function lacksOf(facts: Facts, profile: Profile): readonly Lack[] {
  return [
    ...platformLacks(facts),
    ...pathLacks(facts),
    ...javaLacks(facts.java),
    ...mavenLacks(facts),
    ...roomLacks(facts, profile),
    ...facts.takenPorts.map(portLack),
  ]
}

function platformLacks({ platform }: Facts): readonly Lack[] {
  if (platform === 'linux') return []
  const remedy = 'run it on a Linux machine or in a container: the launcher reads /proc'
  return [{ what: `${platform} is not Linux`, remedy }]
}

function pathLacks({ root, utf8Locale }: Facts): readonly Lack[] {
  const characters = refusedCharacters(root).map((each) => JSON.stringify(each))
  const lacks: Lack[] = []
  if (characters.length > 0) {
    const what = `the path of this folder has ${characters.join(' ')}, which settings of the servers cannot hold: ${JSON.stringify(root)}`
    const remedy = 'move it to a path of words, digits, blanks and . _ - @ ~ ( ) & only'
    lacks.push({ what, remedy })
  }
  if (needsUtf8(root) && !utf8Locale) {
    const what = `the path of this folder is not ASCII, and the locale C.UTF-8 is not there: ${root}`
    lacks.push({
      what,
      remedy: 'install it (package libc-bin or glibc-langpack-en), or move the folder',
    })
  }
  return lacks
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
            remedy: 'install one in addition (e.g. Temurin 21) below /usr/lib/jvm or ~/.jdks',
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
    lacks.push({ what, remedy: 'close other programs, or use --profile minimal' })
  }
  if (facts.freeDiskMb < disk) {
    const what = `${facts.freeDiskMb} MB of disk are free, ${disk} are needed`
    lacks.push({ what, remedy: 'free space on the disk of the repository' })
  }
  return lacks
}

function portLack({ part, port, pid, command }: TakenPort): Lack {
  const holder = pid === undefined ? 'a process of another user' : `process ${pid} (${command})`
  return {
    what: `port ${port}, which ${part} needs, is in use by ${holder}`,
    remedy: 'stop that process, or start with --instance <name> --port-offset <100, 200, …>',
  }
}

/** Examines the machine. Running parts of the instance need neither free ports nor memory. */
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
    root: paths.root,
    utf8Locale: !needsUtf8(paths.root) || (await hasUtf8Locale()),
    java: context.java,
    jarsMissingMb,
    maven: jarsMissingMb === 0 ? undefined : await mavenVersion(),
    availableMemoryMb: begun ? Number.POSITIVE_INFINITY : Math.round(freemem() / 2 ** 20),
    freeDiskMb: Math.round((bavail * bsize) / 2 ** 20),
    cores: availableParallelism(),
    takenPorts: takenPorts(context, plan),
  }
}

/** Where there is no program `locale`, as with musl, every name is UTF-8. */
async function hasUtf8Locale(): Promise<boolean> {
  try {
    const charmap = { file: 'locale', arguments: ['charmap'], timeoutMs: 10_000 }
    return (await runProgram(charmap)).trim().endsWith('UTF-8')
  } catch (error) {
    if (error instanceof ProgramFailed) return true
    throw error
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

/** Lines for people: each lack with its remedy below. */
export function lackLines(lacks: readonly Lack[]): readonly string[] {
  return lacks.flatMap(({ what, remedy }) => [`✗ ${what}`, `    → ${remedy}`])
}
