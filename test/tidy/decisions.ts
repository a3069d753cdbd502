import { linksOf, sectionUnder, targetOf } from './documents.ts'
import { npmScripts } from './packages.ts'
import { filesNamed, holds, type Tree } from './tree.ts'

const parts = ['Context and Problem Statement', 'Considered Options', 'Decision Outcome']

/** Decisions that are numbered wrongly, not in MADR's form, or not in the index. */
export function disorderlyDecisions(tree: Tree): readonly string[] {
  const decisions = decisionsOf(tree)
  const linked = linksOf(tree.get('adr/README.md') ?? '').map((link) =>
    targetOf('adr/README.md', link),
  )
  return decisions.flatMap(([path, text], index) => [
    ...(path.startsWith(`adr/${String(index + 1).padStart(4, '0')}-`)
      ? []
      : [`${path}: number ${index + 1} is expected, without gaps or repeats`]),
    ...(linked.includes(path) ? [] : [`${path} is not linked in adr/README.md`]),
    ...parts
      .filter((part) => sectionUnder(text, part) === undefined)
      .map((part) => `${path} has no section "${part}"`),
  ])
}

/** Decisions whose Confirmation names nothing that can be run, or something that isn't there. */
export function unconfirmedDecisions(tree: Tree): readonly string[] {
  const scripts = npmScripts(tree)
  return decisionsOf(tree).flatMap(([path, text]) => {
    const section = sectionUnder(text, 'Confirmation')
    if (section === undefined) return [`${path} has no section "Confirmation"`]
    const files = namedFiles(path, section)
    const commands = [...section.matchAll(/\bnpm (?:run )?([a-z][\w:-]*)/g)].flatMap(
      ([, name]) => name ?? [],
    )
    if (files.length + commands.length === 0) {
      return [`${path}: its Confirmation names no file and no npm script`]
    }
    return [
      ...files.filter((file) => !holds(tree, file)),
      ...commands.filter((name) => !scripts.has(name)).map((name) => `npm run ${name}`),
    ].map((what) => `${path}: its Confirmation names ${what}, which is not there`)
  })
}

/** Links, from the decision's place, and paths in code marks, from the root. */
function namedFiles(path: string, section: string): readonly string[] {
  const links = linksOf(section)
    .filter((link) => !/^[a-z]+:/.test(link))
    .map((link) => targetOf(path, link))
  const marked = [...section.matchAll(/`((?:[\w.-]+\/)+[\w.-]*)`/g)].flatMap(
    ([, file]) => file ?? [],
  )
  return [...new Set([...links, ...marked])]
}

function decisionsOf(tree: Tree): readonly (readonly [string, string])[] {
  return filesNamed(tree, /^adr\/[^/]+\.md$/).filter(
    ([path]) => path !== 'adr/README.md' && path !== 'adr/template.md',
  )
}
