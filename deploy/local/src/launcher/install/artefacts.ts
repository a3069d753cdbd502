import { createHash } from 'node:crypto'
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { mavenEnvironment } from '../host/environment.ts'
import { type Jdk, javaProgram } from '../host/java.ts'
import { classPath, jvmArguments } from '../host/jvm.ts'
import type { Paths } from '../host/paths.ts'
import { runProgram } from '../host/program.ts'
import { type DebeziumLine, debeziumFolder } from '../plan/debezium-line.ts'
import { everyProfile, fullOnly, type Profile } from '../plan/profiles.ts'
import { Locked, takeLock } from '../supervise/lock.ts'
import { assertLocked } from './locked-files.ts'

/** A folder of jars below jvm/lib, filled by one profile of the pom. */
export type Artefact = {
  /** The profile of the pom. */
  readonly name: string
  readonly folder: string
  readonly profiles: readonly Profile[]
  /** Installed only when Connect runs with this line of Debezium. */
  readonly debezium?: DebeziumLine
  /** Its approximate size on disk. */
  readonly megabytes: number
}

/** Each subfolder is a plugin with a class loader of its own. */
const CONVERTERS = 'connect/converters'

export const artefacts: readonly Artefact[] = [
  { name: 'kafka', folder: 'kafka', profiles: everyProfile, megabytes: 55 },
  {
    name: 'debezium',
    folder: `${debeziumFolder('3.6')}/postgres`,
    profiles: everyProfile,
    debezium: '3.6',
    megabytes: 8,
  },
  {
    name: 'debezium-2.7',
    folder: `${debeziumFolder('2.7')}/postgres`,
    profiles: everyProfile,
    debezium: '2.7',
    megabytes: 8,
  },
  { name: 'converter', folder: `${CONVERTERS}/apicurio`, profiles: everyProfile, megabytes: 8 },
  { name: 'registry', folder: 'registry', profiles: everyProfile, megabytes: 168 },
  { name: 'catalog', folder: 'catalog', profiles: fullOnly, megabytes: 71 },
  { name: 'zipkin', folder: 'zipkin', profiles: fullOnly, megabytes: 86 },
  { name: 'flink', folder: 'flink', profiles: fullOnly, megabytes: 295 },
  {
    name: 'flink-prometheus',
    folder: 'flink-plugins/prometheus',
    profiles: fullOnly,
    megabytes: 1,
  },
  // In no profile: only a bench needs it.
  { name: 'iceberg-sink', folder: 'bench-plugins/iceberg-sink', profiles: [], megabytes: 95 },
]

const PLUGINS = 'connect/'
const MAVEN_TIMEOUT_MS = 20 * 60_000
const LOCK_TIMEOUT_MS = 25 * 60_000
const MANIFESTS_TIMEOUT_MS = 120_000

/** What decides which jars a start needs. */
export type Wanted = {
  readonly profile: Profile
  readonly debezium: DebeziumLine
  /** Artefacts in addition to those of the profile. */
  readonly more?: readonly string[]
}

export type InstallOptions = Wanted & {
  readonly jdk: Jdk | undefined
  readonly onProgress: (line: string) => void
}

/** The artefacts that are not installed, or were installed from another state of the pom. */
export function missingArtefacts(paths: Paths, wanted: Wanted): readonly Artefact[] {
  return artefactsFor(wanted).filter(
    ({ name }) => readMark(paths, name) !== fingerprint(paths, name),
  )
}

/** The artefacts of a profile, with one line of Debezium, and the additional ones. */
export function artefactsFor({ profile, debezium, more = [] }: Wanted): readonly Artefact[] {
  return artefacts.filter(
    (artefact) =>
      (artefact.profiles.includes(profile) || more.includes(artefact.name)) &&
      (artefact.debezium === undefined || artefact.debezium === debezium),
  )
}

/**
 * The folders in which Connect looks for plugins: the converters and one line of Debezium. If both lines were in its path,
 * it would always load the newer one.
 */
export function pluginPath({ jvm }: Pick<Paths, 'jvm'>, debezium: DebeziumLine): string {
  return [CONVERTERS, debeziumFolder(debezium)].map((folder) => join(jvm, 'lib', folder)).join(',')
}

/**
 * Installs the missing artefacts with Maven. Each folder is emptied first and marked as complete last, so an interrupted
 * installation is repeated. The folders are shared by all instances: a second launcher waits for the first. Hazard: after
 * a change of the pom, the jars of other running instances are replaced too.
 *
 * @throws ProgramFailed with the end of Maven's output; FilesDiffer when it installed others than those that are listed.
 */
export async function installArtefacts(paths: Paths, options: InstallOptions): Promise<void> {
  if (missingArtefacts(paths, options).length === 0) return
  const release = await waitForLock(paths, options.onProgress)
  try {
    const missing = missingArtefacts(paths, options)
    for (const [index, artefact] of missing.entries()) {
      const count = `${index + 1} of ${missing.length}`
      await installOne(paths, artefact, options, count)
    }
    const plugins = missing.filter(({ folder }) => folder.startsWith(PLUGINS))
    if (plugins.length > 0) await writeManifests(paths, options)
    for (const artefact of plugins) writeMark(paths, artefact.name)
  } finally {
    release()
  }
}

async function waitForLock(paths: Paths, onProgress: (line: string) => void) {
  const deadline = Date.now() + LOCK_TIMEOUT_MS
  let told = false
  for (;;) {
    try {
      return takeLock(join(paths.jvm, 'lib', '.installed', 'lock'), 'the installation of jars')
    } catch (error) {
      if (!(error instanceof Locked) || Date.now() > deadline) throw error
      if (!told) onProgress(`${error.message}; waiting for it`)
      told = true
      await pause(500)
    }
  }
}

async function installOne(
  paths: Paths,
  artefact: Artefact,
  { jdk, onProgress }: InstallOptions,
  count: string,
): Promise<void> {
  const folder = join(paths.jvm, 'lib', artefact.folder)
  removeMark(paths, artefact.name)
  rmSync(folder, { recursive: true, force: true })
  rmSync(join(paths.jvm, 'target'), { recursive: true, force: true })
  onProgress(`${artefact.name} (${count}, about ${artefact.megabytes} MB)`)
  let downloadedBytes = 0
  await runProgram({
    file: 'mvn',
    arguments: mavenArguments(paths, artefact.name),
    environment: { ...mavenEnvironment(), ...(jdk && { JAVA_HOME: jdk.home }) },
    timeoutMs: MAVEN_TIMEOUT_MS,
    onLine: (line) => {
      const bytes = downloadedBytesOf(line)
      if (bytes === undefined) return
      const before = Math.floor(downloadedBytes / 10_000_000)
      downloadedBytes += bytes
      if (Math.floor(downloadedBytes / 10_000_000) === before) return
      onProgress(`${artefact.name}: ${megabytesText(downloadedBytes)} downloaded`)
    },
  })
  assertLocked(paths, artefact.name, folder)
  const jars = globSync('**/*.jar', { cwd: folder })
  const bytes = jars.reduce((sum, jar) => sum + statSync(join(folder, jar)).size, 0)
  onProgress(`${artefact.name}: ${jars.length} jars, ${megabytesText(bytes)}`)
  if (!artefact.folder.startsWith(PLUGINS)) writeMark(paths, artefact.name)
}

/** Strict: without it Maven only warns about an artefact that does not fit its checksum, and uses it. */
export function mavenArguments(paths: Paths, profile: string): readonly string[] {
  const pom = join(paths.jvm, 'pom.xml')
  return ['-B', '--strict-checksums', '-f', pom, '-P', profile, 'package']
}

function megabytesText(bytes: number): string {
  return `${Math.round(bytes / 1_000_000)} MB`
}

/** The size in a line of Maven's output such as `Downloaded from central: https://… (1.2 MB at 3.4 MB/s)`. */
export function downloadedBytesOf(line: string): number | undefined {
  const found = /Downloaded from \S+ \S+ \(([\d.]+) (B|kB|MB)/.exec(line)
  if (found === null) return undefined
  const units: Readonly<Record<string, number>> = { B: 1, kB: 1_000, MB: 1_000_000 }
  return Number(found[1]) * (units[found[2] ?? 'B'] ?? 1)
}

/**
 * With manifests, Connect finds its plugins at once; without them it opens every jar at each start. Kafka's tool takes the
 * path in a URL for a path (`%20` for a blank), so it gets the folders by a link from a path that is the same in both.
 */
async function writeManifests(paths: Paths, options: InstallOptions): Promise<void> {
  const { jdk, debezium, onProgress } = options
  onProgress("Connect's plugin manifests")
  const folder = mkdtempSync(join(tmpdir(), 'tenseams-plugins-'))
  try {
    symlinkSync(join(paths.jvm, 'lib'), join(folder, 'lib'))
    await runProgram({
      file: javaProgram(jdk),
      arguments: [
        ...jvmArguments(paths, { heapMb: 256, temporaryFolder: folder }),
        '-cp',
        classPath(paths, 'kafka'),
        'org.apache.kafka.tools.ConnectPluginPath',
        'sync-manifests',
        '--plugin-path',
        pluginPath({ jvm: folder }, debezium),
      ],
      timeoutMs: MANIFESTS_TIMEOUT_MS,
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A hash of everything that a folder is made from: the general part of the pom, its profile, and our own Java sources. */
function fingerprint(paths: Paths, name: string): string {
  const hash = createHash('sha256')
  const sections = sectionsFor(readFileSync(join(paths.jvm, 'pom.xml'), 'utf8'), name)
  for (const text of sections) hash.update(text)
  const patterns = sourcesOf(sections[1], name).map((folder) => `src/${folder}/**/*`)
  const files = globSync(patterns, { cwd: paths.jvm, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
  for (const file of files.toSorted()) {
    hash.update(relative(paths.jvm, file)).update(readFileSync(file))
  }
  return hash.digest('hex')
}

/** The folders below src with a profile's own Java: two lines of Debezium share one, and servers share what asks for a login. */
export function sourcesOf(profile: string, name: string): readonly string[] {
  const named = /<java\.sources>\$\{project\.basedir\}\/src\/(.+?)<\/java\.sources>/.exec(
    profile,
  )?.[1]
  return [named ?? name, ...(profile.includes('${login.sources}') ? ['login'] : [])]
}

/** The pom without its profiles, and the profile of that name. */
export function sectionsFor(pom: string, name: string): readonly [string, string] {
  const profile = /<profile>.*?<\/profile>/gs
  const own = pom.match(profile)?.find((text) => text.includes(`<id>${name}</id>`))
  const general = pom.replace(profile, '').replaceAll(/\s+/g, ' ')
  return [general, own ?? '']
}

const markOf = (paths: Paths, name: string) =>
  join(paths.jvm, 'lib', '.installed', `${name}.sha256`)

function readMark(paths: Paths, name: string): string | undefined {
  const mark = markOf(paths, name)
  return existsSync(mark) ? readFileSync(mark, 'utf8').trim() : undefined
}

function writeMark(paths: Paths, name: string): void {
  const mark = markOf(paths, name)
  mkdirSync(join(mark, '..'), { recursive: true })
  writeFileSync(mark, `${fingerprint(paths, name)}\n`)
}

function removeMark(paths: Paths, name: string): void {
  rmSync(markOf(paths, name), { force: true })
}
