import { createHash } from 'node:crypto'
import {
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import type { Jdk } from './java.ts'
import { type Paths, temporaryFolderOf } from './paths.ts'

/** A JVM whose classes are kept from its first clean stop on. */
export type SharingJvm = {
  readonly component: string
  readonly jdk: Jdk | undefined
  /** The folder below jvm/lib whose jars are its class path. */
  readonly folder: string
}

type SomePaths = Pick<Paths, 'jvm' | 'temporary'>

const WRITES = '-XX:ArchiveClassesAtExit='
const ARCHIVE = '.jsa'
/** Beside where the archive would be: the JVM did not end in time while it wrote one, so it is not asked again. */
const GIVEN_UP = '.given-up'

/**
 * The arguments with which a JVM maps the classes that an earlier run of it has loaded, already parsed and verified (class
 * data sharing), or writes them when it ends. The JVM itself refuses an archive of other jars or of another JDK and loads
 * every class as usual; so an archive changes how fast it starts, never what runs.
 */
export function classSharingArguments(paths: SomePaths, jvm: SharingJvm): readonly string[] {
  if (jvm.jdk === undefined) return []
  // Which classes cannot be kept is of interest to nobody.
  const quiet = '-Xlog:cds*=off'
  const hash = hashOf(paths, jvm, jvm.jdk)
  const kept = join(folderOf(paths, jvm.component), hash)
  if (existsSync(kept + ARCHIVE)) return [`-XX:SharedArchiveFile=${kept}${ARCHIVE}`, quiet]
  if (existsSync(kept + GIVEN_UP)) return []
  const written = join(temporaryFolderOf(paths, jvm.component), hash + ARCHIVE)
  return [WRITES + written, quiet]
}

/** The archive that a JVM with these arguments writes when it ends, if it writes one. */
export function writtenArchive(args: readonly string[]): string | undefined {
  return args.find((each) => each.startsWith(WRITES))?.slice(WRITES.length)
}

/**
 * Keeps the archive that a component's JVM has written at its end. Call it after the process is gone, before its temporary
 * folder is. Archives of other jars and other JDKs are removed, so there is at most one for each component.
 *
 * @param isInTime whether the JVM ended by itself. An archive of one that was killed is not complete, and the next one would
 *   take as long.
 */
export function keepClasses(
  paths: SomePaths,
  component: string,
  archive: string,
  isInTime: boolean,
): void {
  const folder = folderOf(paths, component)
  const name = isInTime ? basename(archive) : basename(archive, ARCHIVE) + GIVEN_UP
  // A JDK without an archive of its own classes writes none.
  if (isInTime && !existsSync(archive)) return
  mkdirSync(folder, { recursive: true })
  if (isInTime) renameSync(archive, join(folder, name))
  else writeFileSync(join(folder, name), '')
  for (const other of readdirSync(folder)) if (other !== name) rmSync(join(folder, other))
}

/** Shared by all instances, as the jars are. */
function folderOf({ jvm }: SomePaths, component: string): string {
  return join(jvm, 'lib', '.classes', component)
}

/** A JVM compares names, sizes and times too; another archive for each set is written without its help. */
function hashOf({ jvm }: SomePaths, { folder }: SharingJvm, { home }: Jdk): string {
  const hash = createHash('sha256')
    .update(home)
    .update(readFileSync(join(home, 'release')))
  const jars = join(jvm, 'lib', folder)
  for (const name of globSync('*.jar', { cwd: jars }).toSorted()) {
    const { size, mtimeMs } = statSync(join(jars, name))
    hash.update(`${join(jars, name)} ${size} ${mtimeMs}\n`)
  }
  return hash.digest('hex').slice(0, 16)
}
