import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** A Java installation with a compiler. */
export type Jdk = { readonly home: string; readonly major: number }

/** The two JDKs that the parts run on. Flink and Hadoop need 17 to 23; the registry needs 21 or later. */
export type Java = { readonly main: Jdk | undefined; readonly registry: Jdk | undefined }

/** Since 24 the JDK has no security manager, which Hadoop's login code still calls. */
export const mainMajors = { least: 17, most: 23 }
export const registryMajors = { least: 21, most: Number.POSITIVE_INFINITY }

/** Folders in which systems and version managers keep JDKs, each in a subfolder. */
const usualFolders = (home: string): readonly string[] => [
  '/usr/lib/jvm',
  '/usr/java',
  '/usr/local/lib/jvm',
  '/opt',
  '/opt/java',
  '/opt/jdk',
  '/Library/Java/JavaVirtualMachines',
  join(home, '.sdkman/candidates/java'),
  join(home, '.jdks'),
  join(home, '.local/share/mise/installs/java'),
  join(home, '.asdf/installs/java'),
]

/** Finds JDKs in JAVA_HOME, in PATH and in the usual folders, in this order, each home once. */
export function findJdks(environment: NodeJS.ProcessEnv = process.env): readonly Jdk[] {
  const { JAVA_HOME, PATH = '', HOME = '/' } = environment
  const candidates = [
    ...(JAVA_HOME ? [JAVA_HOME] : []),
    ...PATH.split(':').map(homeOfLauncher),
    ...usualFolders(HOME).flatMap(subfolders),
  ]
  const jdks = candidates.map(readJdk).filter((jdk) => jdk !== undefined)
  return [...new Map(jdks.map((jdk) => [jdk.home, jdk])).values()]
}

/** Chooses the lowest suitable version for each of the two. */
export function chooseJava(jdks: readonly Jdk[]): Java {
  const lowest = ({ least, most }: typeof mainMajors) =>
    jdks
      .filter(({ major }) => major >= least && major <= most)
      .toSorted((a, b) => a.major - b.major)[0]
  return { main: lowest(mainMajors), registry: lowest(registryMajors) }
}

/** The program `java` of a JDK. */
export function javaProgram(jdk: Jdk | undefined): string {
  if (jdk === undefined)
    throw new Error('no suitable JDK was found, which preflight should have reported')
  return join(jdk.home, 'bin', 'java')
}

function subfolders(folder: string): readonly string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .toSorted()
    .flatMap((name) => [join(folder, name), join(folder, name, 'Contents/Home')])
}

/** /usr/bin/java is a link to a link to the JDK's bin/java. */
function homeOfLauncher(folder: string): string {
  const launcher = join(folder, 'javac')
  return folder !== '' && existsSync(launcher) ? dirname(dirname(realpathSync(launcher))) : ''
}

function readJdk(candidate: string): Jdk | undefined {
  const release = join(candidate, 'release')
  if (candidate === '' || !existsSync(join(candidate, 'bin', 'javac')) || !existsSync(release)) {
    return undefined
  }
  const major = majorOf(readFileSync(release, 'utf8'))
  return major === undefined ? undefined : { home: realpathSync(candidate), major }
}

/** The major version in a JDK's `release` file: 8 of "1.8.0_292", 17 of "17.0.15". */
export function majorOf(release: string): number | undefined {
  const version = /^JAVA_VERSION="(?:1\.)?(\d+)/m.exec(release)?.[1]
  return version === undefined ? undefined : Number(version)
}
