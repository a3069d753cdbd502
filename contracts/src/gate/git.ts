import { spawnSync } from 'node:child_process'
import { UndecidedError } from './contract-set.ts'

const TIMEOUT_MS = 60_000
const OUTPUT_LIMIT_BYTES = 256 * 1_024 * 1_024

/** The git repository of a folder, read-only. */
export type Repository = {
  /** The commit of a name; undefined when there is none. */
  readonly commitOf: (name: string) => string | undefined
  /** The newest common ancestor; undefined when there is none. */
  readonly mergeBase: (left: string, right: string) => string | undefined
  /** The newest commit that added a file below the folder; undefined when none did. */
  readonly newestAddition: (folder: string) => string | undefined
  /** The texts of a commit's files below the paths, by path; only those that are wanted. */
  readonly filesOf: (
    commit: string,
    paths: readonly string[],
    isWanted: (path: string) => boolean,
  ) => ReadonlyMap<string, string>
  /** Short id, date and subject of a commit. */
  readonly describe: (commit: string) => string
  /** The day of a commit, YYYY-MM-DD. */
  readonly dateOf: (commit: string) => string
  /** The names of the remotes, `origin` first. */
  readonly remotes: () => readonly string[]
  /** What a symbolic ref points to; undefined when there is none. */
  readonly symbolicRef: (ref: string) => string | undefined
  /** A setting of git for this repository, the user's included. */
  readonly setting: (name: string) => string | undefined
}

/**
 * @throws UndecidedError when the folder is not in a repository, or in a shallow one, whose missing history may include
 *   the base.
 */
export function openRepository(folder: string): Repository {
  const shallow = git(folder, ['rev-parse', '--is-shallow-repository'])
  if (shallow.status !== 0) {
    throw new UndecidedError(
      `${folder} is not in a git repository that git can read: ${shallow.stderr.trim()}`,
    )
  }
  if (line(shallow.stdout) !== 'false') {
    throw new UndecidedError(
      'this clone is shallow, so the base may be missing. Get the whole history: `git fetch --unshallow`, in GitHub Actions `fetch-depth: 0` at actions/checkout',
    )
  }
  const read: Read = (parameters, input) => {
    const { status, stdout, stderr } = git(folder, parameters, input)
    if (status === 0) return stdout
    throw new UndecidedError(`git ${parameters[0]} failed: ${stderr.trim()}`)
  }
  const found = (...parameters: readonly string[]) => {
    const { status, stdout } = git(folder, parameters)
    return status === 0 && line(stdout) !== '' ? line(stdout) : undefined
  }
  const commitOf = (name: string) =>
    found('rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`)
  return {
    commitOf,
    mergeBase: (left, right) => found('merge-base', left, right),
    newestAddition: (path) => found(...newestAddition, '--', path),
    filesOf: (commit, paths, isWanted) => filesOf(read, commit, paths, isWanted),
    describe: (commit) => line(read(['log', '-1', '--format=%h of %as, "%s"', commit])),
    dateOf: (commit) => line(read(['log', '-1', '--format=%cs', commit])),
    remotes: () => {
      const names = line(read(['remote']))
        .split('\n')
        .filter((name) => name !== '')
      return names.toSorted((left, right) => Number(right === 'origin') - Number(left === 'origin'))
    },
    symbolicRef: (ref) => found('symbolic-ref', '--quiet', ref),
    setting: (name) => found('config', '--get', name),
  }
}

/** Along the first parents, so that the merge of a branch counts and not a commit within it. */
const newestAddition = [
  ...['log', '-1', '--format=%H', '--first-parent', '-m', '--no-renames', '--diff-filter=A'],
  'HEAD',
]

function line(output: Buffer): string {
  return output.toString().trim()
}

type Read = (parameters: readonly string[], input?: string) => Buffer

/** Reads all files with one process: a process for each file would take longer than the comparison. */
function filesOf(
  read: Read,
  commit: string,
  paths: readonly string[],
  isWanted: (path: string) => boolean,
): ReadonlyMap<string, string> {
  const listing = read(['ls-tree', '-r', '-z', commit, '--', ...paths]).toString()
  const entries = listing
    .split('\0')
    .filter((entry) => entry !== '' && isWanted(entry.slice(entry.indexOf('\t') + 1)))
  const files = entries.map((entry) => {
    const [, id, path] = /^100\d{3} blob ([0-9a-f]+)\t(.+)$/s.exec(entry) ?? []
    if (id !== undefined && path !== undefined) return { id, path }
    throw new UndecidedError(`commit ${commit} has an entry that is not a plain file: ${entry}`)
  })
  if (files.length === 0) return new Map()
  const contents = read(['cat-file', '--batch'], files.map(({ id }) => `${id}\n`).join(''))
  return new Map(
    textsIn(
      contents,
      files.map(({ path }) => path),
    ),
  )
}

/** git prints for each file a line `<id> blob <bytes>`, the content and a line feed. */
function textsIn(
  contents: Buffer,
  paths: readonly string[],
): readonly (readonly [string, string])[] {
  let position = 0
  return paths.map((path) => {
    const start = contents.indexOf(10, position) + 1
    const [, bytes] = / blob (\d+)$/.exec(contents.toString('latin1', position, start - 1)) ?? []
    if (start === 0 || bytes === undefined)
      throw new UndecidedError(`git returned no content for ${path}`)
    const end = start + Number(bytes)
    position = end + 1
    return [path, textOf(contents.subarray(start, end), path)]
  })
}

/** @throws UndecidedError when the bytes are not UTF-8, because a lenient decoder would change the text. */
export function textOf(bytes: Buffer, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new UndecidedError(`${path} is not UTF-8 text`, { cause })
  }
}

/** Whatever the user's settings are, nothing stands between the lines that are read. */
const plain = ['-c', 'log.showSignature=false', '-c', 'log.showRoot=true', '-c', 'color.ui=false']

type Answer = { readonly status: number; readonly stdout: Buffer; readonly stderr: string }

function git(folder: string, parameters: readonly string[], input = ''): Answer {
  const { status, stdout, stderr, error } = spawnSync(
    'git',
    ['-C', folder, ...plain, ...parameters],
    {
      input,
      timeout: TIMEOUT_MS,
      maxBuffer: OUTPUT_LIMIT_BYTES,
    },
  )
  if (error !== undefined || status === null) {
    throw new UndecidedError(`git ${parameters[0]} could not be run`, { cause: error })
  }
  return { status, stdout, stderr: stderr.toString() }
}
