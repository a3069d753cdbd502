import { tableUnder } from './documents.ts'
import { holds, type Tree } from './tree.ts'

const page = 'docs/glossary.md'

/** Not ours to word, generated from what is checked elsewhere, or published once and never edited. */
const exempt =
  /^(?:LICENSE|package-lock\.json|docs\/glossary\.md)$|^contracts\/(?:events|generated|records)\//

/** What stands between two words of a phrase: blanks, a hyphen, an underscore, or a comment's next line. */
const gap = String.raw`(?:[ \t_-]+|[ \t]*\n[ \t]*(?:\*|//|--|#|>)?[ \t]*)`

type Refused = { readonly word: string; readonly term: string; readonly pattern: RegExp }

/** Every word that the glossary replaces by another, wherever it stands; a name's parts are words, too. */
export function refusedWords(tree: Tree): readonly string[] {
  const glossary = tree.get(page) ?? ''
  const refused = replacedWords(glossary)
  if (refused.length === 0) return [`${page} has no table of words`]
  const allowed = codeIn(tableUnder(glossary, 'Allowed').map(([phrase = '']) => phrase))
  const anyAllowed = allowed.map((phrase) => wordPattern(phrase))
  const quick = new RegExp(refused.map(({ pattern }) => pattern.source).join('|'), 'iu')
  return [...tree]
    .filter(([path, text]) => !exempt.test(path) && quick.test(withWordsApart(`${path}\n${text}`)))
    .flatMap(([path, text]) => findings(path, `${path}\n${text}`, refused, anyAllowed))
}

/** Files and folders of the glossary's third column that are not there. */
export function staleWhereabouts(tree: Tree): readonly string[] {
  return tableUnder(tree.get(page) ?? '', 'The words').flatMap(([term = '', , where = '']) =>
    codeIn([where])
      .filter((path) =>
        /^(?:contracts|packages|services|flink-jobs|deploy|test|docs|adr)\//.test(path),
      )
      .filter((path) => !path.includes('*') && !holds(tree, path))
      .map((path) => `${page}: ${term} appears in ${path}, which is not there`),
  )
}

function findings(
  path: string,
  text: string,
  refused: readonly Refused[],
  allowed: readonly RegExp[],
): readonly string[] {
  const plain = allowed.reduce(
    (rest, phrase) => rest.replaceAll(phrase, (found) => found.replaceAll(/[^\n]/g, '.')),
    withWordsApart(text),
  )
  return refused.flatMap(({ word, term, pattern }) =>
    [...plain.matchAll(pattern)].map(({ index }) => {
      // The first line is the path itself.
      const line = plain.slice(0, index).split('\n').length - 1
      return `${path}${line === 0 ? '' : `:${line}`} says "${word}": the glossary says ${term}`
    }),
  )
}

function replacedWords(glossary: string): readonly Refused[] {
  return tableUnder(glossary, 'The words').flatMap(([term = '', , , replaced = '']) =>
    codeIn([replaced]).map((word) => ({ word, term, pattern: wordPattern(word) })),
  )
}

/** In any case, but for a word that the page writes with a capital: a name in code, while the plain word is English. */
function wordPattern(phrase: string): RegExp {
  const words = withWordsApart(phrase).split(' ').join(gap)
  const flags = /\p{Lu}/u.test(phrase) ? 'gu' : 'giu'
  return new RegExp(String.raw`(?<!\p{L})${words}(?!\p{L})`, flags)
}

/** `deadLetterTopic` to `dead Letter Topic`. */
function withWordsApart(text: string): string {
  return text.replaceAll(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
}

function codeIn(cells: readonly string[]): readonly string[] {
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].flatMap(([, word]) => word ?? []))
}
