import { posix } from 'node:path'
import { filesNamed, holds, type Tree } from './tree.ts'

/** Relative links of every document that lead to no file, or to no heading of one. */
export function deadLinks(tree: Tree): readonly string[] {
  return filesNamed(tree, /\.md$/).flatMap(([path, text]) =>
    linksOf(text)
      .filter((link) => !/^[a-z]+:/.test(link))
      .filter((link) => !leadsSomewhere(tree, path, link))
      .map((link) => `${path} links to ${link}, which is not there`),
  )
}

function leadsSomewhere(tree: Tree, path: string, link: string): boolean {
  const target = link.startsWith('#') ? path : targetOf(path, link)
  const [, heading] = link.split('#')
  const text = tree.get(target)
  if (heading === undefined || text === undefined) return holds(tree, target)
  return !target.endsWith('.md') || anchorsOf(text).includes(heading)
}

/** Headings as GitHub names them in an address. */
function anchorsOf(text: string): readonly string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

const README_LINES = 120

/** The README is for the first thirty seconds: what is longer has a page of its own in docs. */
export function longReadme(tree: Tree): readonly string[] {
  const lines = (tree.get('README.md') ?? '').trimEnd().split('\n').length
  return lines > README_LINES ? [`README.md has ${lines} lines, more than ${README_LINES}`] : []
}

const wayPage = 'docs/way-of-an-event.md'

/** Rows of the table of the way that do not lead to a room and to a test. */
export function looseSteps(tree: Tree): readonly string[] {
  const rows = tableUnder(tree.get(wayPage) ?? '', 'The steps')
  if (rows.length === 0) return [`${wayPage} has no table under "The steps"`]
  return rows.flatMap((row) => {
    const [step = '', room = '', test = ''] = row
    const missing = [
      ...(linksOf(room).length === 0 ? ['room'] : []),
      ...(linksOf(test).some((link) => targetOf(wayPage, link).includes('test')) ? [] : ['test']),
    ]
    return missing.map((what) => `${wayPage}: the step "${step}" has no link to its ${what}`)
  })
}

export function linksOf(text: string): readonly string[] {
  const prose = text.replaceAll(/^```[\s\S]*?^```/gm, '')
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link]) => link ?? [])
}

export function targetOf(path: string, link: string): string {
  return posix.join(posix.dirname(path), link.replace(/#.*$/, ''))
}

/** The text under a heading, up to the next heading of the same or a higher rank. */
export function sectionUnder(text: string, heading: string): string | undefined {
  const lines = text.split('\n')
  const start = lines.findIndex((line) => /^#+ /.test(line) && line.endsWith(` ${heading}`))
  if (start < 0) return undefined
  const rank = lines[start]?.match(/^#+/)?.[0].length ?? 1
  const rest = lines.slice(start + 1)
  const end = rest.findIndex((line) => (line.match(/^(#+) /)?.[1]?.length ?? 9) <= rank)
  return rest.slice(0, end < 0 ? undefined : end).join('\n')
}

/** The body of the first table under a heading, cell by cell. */
export function tableUnder(text: string, heading: string): readonly (readonly string[])[] {
  const lines = (sectionUnder(text, heading) ?? '').split('\n')
  const cells = lines
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
  return cells.slice(2)
}
