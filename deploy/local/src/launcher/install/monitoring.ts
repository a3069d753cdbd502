import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { instancesFolder } from '@tenseams/cli/instance'
import { ProgramFailed, runProgram } from '../host/program.ts'
import { eventually } from '../host/wait.ts'
import { Locked, takeLock } from '../supervise/lock.ts'

/** Prometheus, Alertmanager and their tools, as files. */
export type Monitoring = {
  readonly prometheus: string
  readonly promtool: string
  /** The beginning of its command; its own arguments follow. */
  readonly alertmanager: readonly string[]
  readonly amtool: string
  /** The folder of Prometheus' page, where it is not in the place that Debian has compiled in. */
  readonly assets?: string
}

/** Prometheus and Alertmanager are neither installed nor to be had. The message says what to install. */
export class MonitoringMissing extends Error {
  readonly code = 'MONITORING_MISSING'
  readonly retriable = false
}

/** Each under the names that distributions give it. */
const names = {
  prometheus: ['prometheus'],
  promtool: ['promtool'],
  alertmanager: ['alertmanager', 'prometheus-alertmanager'],
  amtool: ['amtool'],
} as const

/** The second line is what the page of Prometheus is made of; without it there is no graph. */
const packages = [
  ...['prometheus', 'prometheus-alertmanager'],
  ...['libjs-jquery', 'libjs-bootstrap4', 'libjs-popper.js', 'libjs-rickshaw', 'libjs-d3'],
  ...['libjs-moment', 'libjs-moment-timezone', 'libjs-mustache', 'libjs-jquery-hotkeys'],
  ...['libjs-eonasdan-bootstrap-datetimepicker', 'fonts-glyphicons-halflings'],
]

const VERSION_TIMEOUT_MS = 10_000
const DOWNLOAD_TIMEOUT_MS = 5 * 60_000
const LOCK_TIMEOUT_MS = 6 * 60_000

export type MonitoringOptions = {
  /** The repository's root. */
  readonly root: string
  readonly path?: string
  readonly onProgress?: (line: string) => void
}

/**
 * Finds Prometheus and Alertmanager in PATH, or where an earlier call has unpacked Debian's packages, or unpacks them now. Nothing
 * is installed in the system and no right of root is needed: apt checks what it downloads against Debian's signatures, and the files
 * are below `.stack`, shared by all instances.
 *
 * @throws MonitoringMissing where there is no apt, or it cannot download them.
 */
export async function findMonitoring(options: MonitoringOptions): Promise<Monitoring> {
  const { root, path = process.env['PATH'] ?? '', onProgress = () => undefined } = options
  const installed = await installedIn(path)
  if (installed !== undefined) return installed
  const folder = join(instancesFolder(root), '.monitoring')
  if (!isUnpacked(folder)) await unpack(folder, onProgress)
  return unpackedIn(folder)
}

async function installedIn(path: string): Promise<Monitoring | undefined> {
  const folders = path.split(delimiter).filter((folder) => folder !== '')
  const find = (wanted: readonly string[]) =>
    folders
      .flatMap((folder) => wanted.map((name) => join(folder, name)))
      .find((file) => existsSync(file))
  const [prometheus, promtool] = [find(names.prometheus), find(names.promtool)]
  const [alertmanager, amtool] = [find(names.alertmanager), find(names.amtool)]
  if (!prometheus || !promtool || !alertmanager || !amtool) return undefined
  const fits = (await fitsRules(prometheus)) && (await fitsRules(promtool))
  return fits ? { prometheus, promtool, alertmanager: [alertmanager], amtool } : undefined
}

/**
 * Only a version that the rules were tested with: 3 counts the first sample of a range otherwise, so alerts would come one evaluation
 * earlier or later, and tests at the edge would fail.
 */
async function fitsRules(file: string): Promise<boolean> {
  try {
    const text = await runProgram({ file, arguments: ['--version'], timeoutMs: VERSION_TIMEOUT_MS })
    return isTestedVersion(text)
  } catch (error) {
    if (error instanceof ProgramFailed) return false
    throw error
  }
}

/** From what `--version` says: 2.40 or later, below 3. */
export function isTestedVersion(text: string): boolean {
  const [, major = '', minor = ''] = /version (\d+)\.(\d+)/.exec(text) ?? []
  return major === '2' && Number(minor) >= 40
}

function unpackedIn(folder: string): Monitoring {
  const programs = join(folder, 'files', 'usr', 'bin')
  return {
    prometheus: join(programs, 'prometheus'),
    promtool: join(programs, 'promtool'),
    alertmanager: withTemplates(folder, join(programs, 'prometheus-alertmanager')),
    amtool: join(programs, 'amtool'),
    assets: join(folder, 'files', 'usr', 'share', 'prometheus', 'web'),
  }
}

/** Where Debian's Alertmanager reads its templates, without which it does not start. No setting changes that. */
const TEMPLATES = '/usr/share/prometheus/alertmanager/default.tmpl'

/**
 * Where the package is not installed, it runs in a name space of its own, in which its files lie over the system's /usr/share. Nobody
 * else sees that, and it needs no root: the kernel lets everybody do so in a user name space, unless an administrator has forbidden it.
 */
function withTemplates(folder: string, program: string): readonly string[] {
  if (existsSync(TEMPLATES)) return [program]
  const overlay = 'mount -t overlay overlay -o "lowerdir=$0:/usr/share" /usr/share && exec "$@"'
  const share = join(folder, 'files', 'usr', 'share')
  return ['unshare', '--user', '--map-root-user', '--mount', 'sh', '-c', overlay, share, program]
}

const markOf = (folder: string) => join(folder, 'unpacked')

const isUnpacked = (folder: string) => existsSync(markOf(folder))

async function unpack(folder: string, onProgress: (line: string) => void): Promise<void> {
  const release = await waitForLock(`${folder}.lock`)
  try {
    if (isUnpacked(folder)) return
    onProgress('Prometheus and Alertmanager (packages of Debian: 36 MB to download)')
    // Marked last, so that an interrupted installation is repeated.
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(join(folder, 'files'), { recursive: true })
    await download(folder)
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.deb'))) {
      await run('dpkg-deb', ['-x', file, 'files'], folder)
      rmSync(join(folder, file))
    }
    // 212 MB of time zones as text; the page uses those that are built into its script.
    rmSync(join(folder, 'files/usr/share/javascript/moment-timezone/data'), {
      recursive: true,
      force: true,
    })
    const [file = '', ...parameters] = unpackedIn(folder).alertmanager
    await run(file, [...parameters, '--version'], folder)
    writeFileSync(markOf(folder), '')
  } catch (error) {
    if (!(error instanceof ProgramFailed)) throw error
    throw new MonitoringMissing(
      `Prometheus 2 and Alertmanager are not in PATH, and Debian's packages cannot be unpacked: install them (apt-get install prometheus prometheus-alertmanager, or from prometheus.io/download)\n${error.message}`,
      { cause: error },
    )
  } finally {
    release()
  }
}

/** With the system's lists of packages; where there are none, or old ones, with lists of our own. */
async function download(folder: string): Promise<void> {
  try {
    await run('apt-get', ['-q', 'download', ...packages], folder)
  } catch (error) {
    if (!(error instanceof ProgramFailed)) throw error
    const lists = join(folder, 'lists')
    mkdirSync(join(lists, 'partial'), { recursive: true })
    const own = [
      '-o',
      `Dir::State::lists=${lists}`,
      '-o',
      'Dir::Cache::pkgcache=',
      '-o',
      'Dir::Cache::srcpkgcache=',
    ]
    await run('apt-get', [...own, '-q', 'update'], folder)
    await run('apt-get', [...own, '-q', 'download', ...packages], folder)
    rmSync(lists, { recursive: true })
  }
}

function run(file: string, parameters: readonly string[], folder: string): Promise<string> {
  return runProgram({ file, arguments: parameters, folder, timeoutMs: DOWNLOAD_TIMEOUT_MS })
}

function waitForLock(file: string): Promise<() => void> {
  const take = () => {
    try {
      return takeLock(file, 'the installation of Prometheus')
    } catch (error) {
      if (error instanceof Locked) return undefined
      throw error
    }
  }
  const what = 'another installation of Prometheus to end'
  return eventually(take, { timeoutMs: LOCK_TIMEOUT_MS, intervalMs: 200, what })
}
