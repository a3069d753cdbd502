import { belongsToSet, folders, topicsFile, UndecidedError } from './contract-set.ts'
import type { Repository } from './git.ts'

export type Base = { readonly commit: string; readonly why: string; readonly isGuessed: boolean }

/**
 * The commit to compare with:
 * 1. the merge base of the named commit and HEAD, so that changes merged there since do not count against this branch;
 * 2. where this branch left the default branch;
 * 3. HEAD, when the working tree differs from it;
 * 4. the state before the newest version of a schema was added. In a clone of the default branch without a change it is
 *    unknown what was merged last, and a comparison of HEAD with itself would find nothing, whatever had been merged.
 *
 * @param texts of the working tree.
 * @throws UndecidedError when no default branch is found, or HEAD has no history in common with it: then HEAD itself may
 *   hold what should be refused.
 */
export function chooseBase(
  repository: Repository,
  texts: ReadonlyMap<string, string>,
  baseName: string | undefined,
): Base {
  const head = repository.commitOf('HEAD')
  if (head === undefined) throw new UndecidedError('the repository has no commit yet')
  if (baseName !== undefined) return namedBase(repository, head, baseName)
  const branches = defaultBranches(repository)
  const [first] = branches
  if (first === undefined) throw new UndecidedError(withoutDefaultBranch)
  for (const branch of branches) {
    const parting = repository.mergeBase(branch.tip, head)
    if (parting === undefined && branch === first) {
      throw new UndecidedError(
        `HEAD has no history in common with ${nameOf(branch.ref)}, so it is unknown what others rely on. Name the commit: \`npm run contracts -- check --base <branch>\``,
      )
    }
    if (parting === undefined || parting === head) continue
    return {
      commit: parting,
      why: `where this branch left ${nameOf(branch.ref)}`,
      isGuessed: false,
    }
  }
  return onTheDefaultBranch(repository, head, texts)
}

const withoutDefaultBranch =
  'no default branch is found in this clone (origin/HEAD, `init.defaultBranch`, main, master), so it is unknown what others rely on. Name it: `npm run contracts -- check --base <branch>`; `git remote set-head origin --auto` lets git find it'

function onTheDefaultBranch(
  repository: Repository,
  head: string,
  texts: ReadonlyMap<string, string>,
): Base {
  const committed = repository.filesOf(head, [...folders, topicsFile], belongsToSet)
  if (!isSame(committed, texts)) return { commit: head, why: 'HEAD', isGuessed: false }
  const addition = repository.newestAddition('contracts/events')
  const before = addition === undefined ? undefined : repository.commitOf(`${addition}^`)
  const why =
    'nothing differs from the default branch, so: before the newest version of a schema was added'
  if (before !== undefined) return { commit: before, why, isGuessed: true }
  return { commit: head, why: 'HEAD itself: its history has no earlier state', isGuessed: true }
}

type Branch = { readonly ref: string; readonly tip: string }

/**
 * The default branch as git knows it, the best knowledge first: what the remote says, what git names a first branch, and
 * the two names that git itself uses. Of a name, the remote's branch comes before the local one.
 */
function defaultBranches(repository: Repository): readonly Branch[] {
  const remotes = repository.remotes()
  const said = remotes.flatMap((remote) => {
    const head = repository.symbolicRef(`refs/remotes/${remote}/HEAD`)
    return head === undefined ? [] : [head.replace(`refs/remotes/${remote}/`, '')]
  })
  const configured = repository.setting('init.defaultBranch')
  const names = [...said, ...(configured === undefined ? [] : [configured]), 'main', 'master']
  for (const name of names) {
    const refs = [
      ...remotes.map((remote) => `refs/remotes/${remote}/${name}`),
      `refs/heads/${name}`,
    ]
    const branches = refs.flatMap((ref) => {
      const tip = repository.commitOf(ref)
      return tip === undefined ? [] : [{ ref, tip }]
    })
    if (branches.length > 0) return branches
  }
  return []
}

function nameOf(ref: string): string {
  return ref.replace(/^refs\/\w+\//, '')
}

function namedBase(repository: Repository, head: string, name: string): Base {
  const tip = repository.commitOf(name)
  if (tip === undefined) {
    throw new UndecidedError(
      `there is no commit, branch or tag ${name} in this clone. \`git branch --all\` lists what is there; \`git fetch origin ${name}\` gets what is missing`,
    )
  }
  const parting = repository.mergeBase(tip, head)
  if (parting === undefined) {
    throw new UndecidedError(`${name} and HEAD have no common history`)
  }
  const why = parting === tip ? name : `where HEAD and ${name} part`
  return { commit: parting, why, isGuessed: false }
}

function isSame(left: ReadonlyMap<string, string>, right: ReadonlyMap<string, string>): boolean {
  return left.size === right.size && [...left].every(([path, text]) => right.get(path) === text)
}
