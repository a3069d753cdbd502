import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { VerbError } from '@tenseams/cli/errors'
import { projectRoot } from '@tenseams/cli/instance'
import type { Page } from './page.ts'
import { readPage } from './read-page.ts'

/** Where the pages are, from the root; beside them is only the page about their form. */
export const RUNBOOKS = 'runbooks'

/** Every page with its text, by its file's name without the ending. */
export function pageTexts(root = projectRoot): ReadonlyMap<string, string> {
  const folder = join(root, RUNBOOKS)
  const names = readdirSync(folder).filter((name) => name.endsWith('.md') && name !== 'README.md')
  return new Map(
    names
      .toSorted()
      .map((name) => [name.replace(/\.md$/, ''), readFileSync(join(folder, name), 'utf8')]),
  )
}

/** The mistakes of all pages, each with its file and line. */
export function mistakesOf(texts: ReadonlyMap<string, string>): readonly string[] {
  return [...texts].flatMap(([name, text]) =>
    readPage(name, text).mistakes.map(
      ({ line, says }) => `${RUNBOOKS}/${name}.md:${line}: ${says}`,
    ),
  )
}

/**
 * The page about an alert, by the alert's name or the page's own, in capitals or not.
 *
 * @throws VerbError with the names that are nearest when there is none, and with all its mistakes when it has any.
 */
export function pageAbout(alert: string, texts: ReadonlyMap<string, string>): Page {
  const pages = [...texts].map(([name, text]) => readPage(name, text).page)
  const wanted = alert.toLowerCase()
  const page = pages.find(({ name, alerts }) =>
    [name, ...alerts].some((each) => each.toLowerCase() === wanted),
  )
  if (page === undefined) {
    const known = pages.flatMap(({ name, alerts }) => [name, ...alerts])
    throw new VerbError(
      `there is no runbook about ${alert}; the nearest are ${nearest(alert, known).join(', ')}. \`npm run runbook -- --list\` has all`,
    )
  }
  const mistakes = mistakesOf(new Map([[page.name, texts.get(page.name) ?? '']]))
  if (mistakes.length > 0) throw new VerbError(mistakes.join('\n'))
  return page
}

const MOST_NEAREST = 3

/** The names that share most with a word: pairs of characters that follow each other. */
export function nearest(word: string, names: readonly string[]): readonly string[] {
  const own = pairsOf(word)
  const score = (name: string) => {
    const pairs = pairsOf(name)
    const shared = [...own].filter((pair) => pairs.has(pair)).length
    return (2 * shared) / (own.size + pairs.size || 1)
  }
  return [...new Set(names)]
    .map((name) => ({ name, score: score(name) }))
    .toSorted((one, other) => other.score - one.score || one.name.localeCompare(other.name))
    .slice(0, MOST_NEAREST)
    .map(({ name }) => name)
}

function pairsOf(word: string): ReadonlySet<string> {
  const all = word.toLowerCase()
  return new Set([...all].slice(1).map((character, index) => `${all[index]}${character}`))
}
