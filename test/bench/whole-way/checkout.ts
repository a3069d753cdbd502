import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UsageError, VerbError } from '@tenseams/cli/errors'
import { projectRoot } from '@tenseams/cli/instance'

/** The files of a commit, and what its verbs install and start in them. */
export type Checkout = { readonly name: string; readonly root: string; readonly commit: string }

/** What lies here now, with whatever is not committed. */
export function thisCheckout(): Checkout {
  const isChanged = git(projectRoot, 'status', '--porcelain') !== ''
  const commit = git(projectRoot, 'rev-parse', '--short', 'HEAD')
  return { name: 'this', root: projectRoot, commit: isChanged ? `${commit}, changed` : commit }
}

/**
 * A worktree of another commit, in a temporary folder. Its verbs install their own packages when they are first run.
 *
 * @throws UsageError for a commit that is not there.
 */
export function addCheckout(commit: string, repository = projectRoot): Checkout {
  const found = git(repository, 'rev-parse', '--verify', '--short', `${commit}^{commit}`)
  if (found === '') throw new UsageError(`--base: there is no commit ${commit} in this repository`)
  const root = join(mkdtempSync(join(tmpdir(), 'ten-seams-base-')), 'checkout')
  const added = run(repository, 'worktree', 'add', '--detach', root, found)
  if (added.status === 0) return { name: 'base', root, commit: found }
  rmSync(join(root, '..'), { recursive: true, force: true })
  throw new VerbError(`git worktree add: ${added.stderr.trim()}`)
}

/** Removes the worktree with all that was installed in it; also from a handler of a signal, since it never waits. */
export function removeCheckout({ root }: Checkout, repository = projectRoot): void {
  rmSync(join(root, '..'), { recursive: true, force: true, maxRetries: 5 })
  git(repository, 'worktree', 'prune')
}

function git(folder: string, ...args: readonly string[]): string {
  const { status, stdout } = run(folder, ...args)
  return status === 0 ? stdout.trim() : ''
}

function run(folder: string, ...args: readonly string[]) {
  return spawnSync('git', args, { cwd: folder, encoding: 'utf8', timeout: 60_000 })
}
