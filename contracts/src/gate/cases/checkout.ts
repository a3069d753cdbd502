import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { runCheck } from '../command.ts'

export const topic = 'parcels.parcel.v1'
export const events = `contracts/events/${topic}`

export const records = `contracts/records/${topic}`

export const note = { name: 'note', type: ['null', 'string'], default: null }

/** A schema of parcels with an id and these fields. */
export function schema(...fields: readonly object[]): string {
  const all = [{ name: 'parcelId', type: 'string' }, ...fields]
  return JSON.stringify({
    type: 'record',
    name: 'Parcel',
    namespace: 'tenseams.parcels',
    fields: all,
  })
}

/** Each test starts a dozen processes, one after the other. */
export const TIMEOUT_MS = 240_000

/**
 * Creates checkouts for the tests of a file, and removes those of each test after it.
 *
 * @param afterEach vitest's.
 */
export function checkoutsOfATest(afterEach: (work: () => void) => void) {
  const checkouts: Checkout[] = []
  afterEach(() => {
    for (const checkout of checkouts.splice(0)) checkout.remove()
  })
  const kept = (checkout: Checkout): Checkout => {
    checkouts.push(checkout)
    return checkout
  }
  return { kept, empty: () => kept(Checkout.empty()), merged: () => kept(Checkout.merged()) }
}

/** A git repository with contracts in a temporary folder, for one test. */
export class Checkout {
  readonly folder = mkdtempSync(join(tmpdir(), 'contracts-checkout-'))

  /** A repository without any commit. */
  static empty(): Checkout {
    const checkout = new Checkout()
    checkout.git('init', '--quiet', '--initial-branch', 'main')
    return checkout
  }

  /** Two versions on main, and a branch for the change. */
  static merged(): Checkout {
    const checkout = Checkout.empty().write({
      'contracts/topics.yaml': topicsYaml({ [topic]: {} }),
      [`${events}/1.avsc`]: schema(),
      [`${events}/2.avsc`]: schema(note),
      [`${records}/1.json`]: '[]',
      'adr/0001-levels.md': 'FULL_TRANSITIVE everywhere',
    })
    checkout.commit('contracts')
    checkout.git('checkout', '--quiet', '-b', 'change')
    return checkout
  }

  /** As a URL, because git ignores `--depth` for a path. */
  get url(): string {
    return `file://${this.folder}`
  }

  /** @returns git's output. @throws Error with git's message when it fails. */
  git(...parameters: readonly string[]): string {
    const settings = ['user.name=test', 'user.email=test@localhost', 'commit.gpgsign=false']
    const configured = settings.flatMap((setting) => ['-c', setting])
    const { status, stdout, stderr } = spawnSync(
      'git',
      ['-C', this.folder, ...configured, ...parameters],
      { encoding: 'utf8', timeout: 60_000 },
    )
    if (status !== 0) throw new Error(`git ${parameters.join(' ')}: ${stderr}`)
    return stdout
  }

  /** Writes files; undefined removes one. */
  write(files: Readonly<Record<string, string | undefined>>): this {
    for (const [file, text] of Object.entries(files)) {
      const path = join(this.folder, file)
      if (text === undefined) rmSync(path)
      else {
        mkdirSync(dirname(path), { recursive: true })
        writeFileSync(path, text)
      }
    }
    return this
  }

  writeBytes(file: string, bytes: Buffer): void {
    writeFileSync(join(this.folder, file), bytes)
  }

  commit(subject: string): this {
    this.git('add', '--all')
    this.git('commit', '--quiet', '--allow-empty', '--message', subject)
    return this
  }

  /** The exit code and the output, with line breaks as blanks. */
  async check(
    ...args: readonly string[]
  ): Promise<{ readonly code: number; readonly said: string }> {
    const lines: string[] = []
    const say = (line: string) => lines.push(line)
    const code = await runCheck(['--in', this.folder, ...args], say, say)
    return { code, said: lines.join('\n').replaceAll(/\s+/g, ' ') }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** A topics.yaml with an entry for each of these topics of parcels. */
export function topicsYaml(
  entries: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
): string {
  const topics = Object.entries(entries).map(([name, entry]) => [
    name,
    { ...parcels(name), ...entry },
  ])
  // JSON is YAML.
  return JSON.stringify({ topics: Object.fromEntries(topics) }, undefined, 2)
}

/** What a topic of parcels promises. */
export function parcels(name: string) {
  return {
    owner: 'parcels',
    key: 'parcel id',
    keyField: 'parcelId',
    invariant: 'what happens to a parcel is read in order',
    partitions: 4,
    retentionMs: -1,
    cleanup: 'delete' as const,
    format: 'avro' as const,
    compatibility: 'FULL_TRANSITIVE' as const,
    compatibilityReason: 'its history is re-read',
    deadLetter: `${name}.dead-letter`,
    control: false,
    consumers: ['billing'],
  }
}
