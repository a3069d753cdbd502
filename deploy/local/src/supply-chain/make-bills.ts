import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { mavenEnvironment } from '../launcher/host/environment.ts'
import type { Jdk } from '../launcher/host/java.ts'
import type { Paths } from '../launcher/host/paths.ts'
import { runProgram } from '../launcher/host/program.ts'
import { artefacts } from '../launcher/install/artefacts.ts'
import { withoutLeftOut } from './bill.ts'

const PLUGIN = 'org.cyclonedx:cyclonedx-maven-plugin:2.9.3:makeBom'
/** What stands before a path in a list of hashes. */
const HASH_AND_BLANKS = 66
const NPM_TIMEOUT_MS = 120_000
const MAVEN_TIMEOUT_MS = 10 * 60_000

export type BillOptions = {
  readonly paths: Pick<Paths, 'root' | 'jvm'>
  readonly folder: string
  readonly jdk: Jdk | undefined
  readonly onProgress: (line: string) => void
}

/**
 * Writes a bill of materials of npm's packages and one of each component of the pom, and returns their files.
 *
 * @throws ProgramFailed with the end of what npm or Maven said.
 */
export async function makeBills(options: BillOptions): Promise<readonly string[]> {
  await mkdir(options.folder, { recursive: true })
  const files = [await npmBill(options)]
  for (const { name } of artefacts) files.push(await mavenBill(name, options))
  return files
}

/** By npm itself, of what is installed. */
async function npmBill({ paths, folder, onProgress }: BillOptions): Promise<string> {
  onProgress('npm')
  const text = await runProgram({
    file: 'npm',
    arguments: ['sbom', '--sbom-format=cyclonedx', '--loglevel=silent'],
    folder: paths.root,
    timeoutMs: NPM_TIMEOUT_MS,
  })
  const file = join(folder, 'npm.json')
  await writeFile(file, text)
  return file
}

async function mavenBill(name: string, options: BillOptions): Promise<string> {
  const { paths, folder, jdk, onProgress } = options
  onProgress(name)
  const settings = {
    ...{ outputFormat: 'json', outputDirectory: folder, outputName: name },
    ...{ includeProvidedScope: false, includeTestScope: false, includeSystemScope: false },
    'cyclonedx.skipAttach': true,
  }
  await runProgram({
    file: 'mvn',
    arguments: [
      ...['-B', '-q', '--strict-checksums', '-f', join(paths.jvm, 'pom.xml'), '-P', name, PLUGIN],
      ...Object.entries(settings).map(([setting, value]) => `-D${setting}=${value}`),
    ],
    environment: { ...mavenEnvironment(), ...(jdk && { JAVA_HOME: jdk.home }) },
    timeoutMs: MAVEN_TIMEOUT_MS,
  })
  const file = join(folder, `${name}.json`)
  const installed = await readFile(join(paths.jvm, 'files', `${name}.sha256`), 'utf8')
  const files = installed.split('\n').map((line) => basename(line.slice(HASH_AND_BLANKS)))
  await writeFile(file, withoutLeftOut(await readFile(file, 'utf8'), files))
  return file
}
