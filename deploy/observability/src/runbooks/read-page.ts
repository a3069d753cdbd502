import { readFence } from './fence.ts'
import { readFrontMatter } from './front-matter.ts'
import {
  type Fence,
  type Mistake,
  type Page,
  type Section,
  type SectionName,
  sections,
  variableOf,
} from './page.ts'

export type Reading = { readonly page: Page; readonly mistakes: readonly Mistake[] }

/**
 * Reads a page of runbooks/. All its mistakes are told at once, each with its line, in the order of lines; a page without any can be
 * walked through.
 *
 * @param name the name of its file, without the ending.
 */
export function readPage(name: string, text: string): Reading {
  const lines = text.split('\n')
  const mistakes: Mistake[] = []
  const end = lines[0] === '---' ? lines.indexOf('---', 1) : -1
  if (end < 0) mistakes.push({ line: 1, says: 'a page begins with front matter between ---' })
  const head = readFrontMatter(lines.slice(1, Math.max(end, 1)).join('\n'), 2)
  if (end >= 0) mistakes.push(...head.mistakes)
  const body = bodyOf(lines, end + 1)
  const parsed = partsOf(body)
  mistakes.push(
    ...titleMistakes(name, body),
    ...sectionMistakes(parsed.sections, body),
    ...parsed.mistakes,
    ...fenceMistakes(parsed, lines.length),
    ...labelMistakes(head.labels, parsed.fences),
  )
  const { mistakes: _, ...front } = head
  const page = { name, ...front, ...parsed.page }
  return { page, mistakes: mistakes.toSorted((one, other) => one.line - other.line) }
}

/** A line of the file, by its number. */
type Line = { readonly text: string; readonly line: number; readonly isCode: boolean }

function bodyOf(lines: readonly string[], from: number): readonly Line[] {
  let isCode = false
  return lines.slice(from).map((text, index) => {
    const isMark = text.startsWith('```')
    const line = { text, line: from + index + 1, isCode: isCode || isMark }
    if (isMark) isCode = !isCode
    return line
  })
}

function titleMistakes(name: string, body: readonly Line[]): readonly Mistake[] {
  const titles = body.filter(({ text, isCode }) => !isCode && /^# /.test(text))
  const [title] = titles
  if (title === undefined) return [{ line: body[0]?.line ?? 1, says: `the title is # ${name}` }]
  return titles
    .filter(({ text }) => text !== `# ${name}`)
    .map(({ line, text }) => ({ line, says: `the title is # ${name}, not "${text}"` }))
}

type Parsed = {
  readonly page: Pick<Page, 'introduction' | 'sections' | 'fences'>
  readonly sections: readonly (Section & { readonly heading: string })[]
  readonly fences: readonly Fence[]
  readonly mistakes: readonly Mistake[]
}

function partsOf(body: readonly Line[]): Parsed {
  const starts = body.flatMap(({ text, isCode }, index) =>
    !isCode && /^## /.test(text) ? [index] : [],
  )
  const found = starts.map((start, index) => {
    const of = body.slice(start + 1, starts[index + 1])
    const heading = (body[start]?.text ?? '').slice(3).trim()
    const text = of
      .map((line) => line.text)
      .join('\n')
      .trim()
    return { heading, name: heading as SectionName, text, line: body[start]?.line ?? 1, of }
  })
  const read = found.map(({ of, name }) => fencesIn(of, name))
  const fences = read.flatMap((each) => each.fences)
  const introduction = body
    .slice(0, starts[0] ?? body.length)
    .filter(({ text }) => !text.startsWith('# '))
  return {
    page: {
      introduction: introduction
        .map(({ text }) => text)
        .join('\n')
        .trim(),
      sections: found.map(({ name, text, line }) => ({ name, text, line })),
      fences,
    },
    sections: found,
    fences,
    mistakes: read.flatMap((each) => each.mistakes),
  }
}

function fencesIn(lines: readonly Line[], section: SectionName) {
  const fences: Fence[] = []
  const mistakes: Mistake[] = []
  const marks = lines.flatMap(({ text }, index) => (text.startsWith('```') ? [index] : []))
  for (let mark = 0; mark < marks.length; mark += 2) {
    const start = marks[mark] ?? 0
    const end = marks[mark + 1]
    const { text = '', line = 1 } = lines[start] ?? {}
    if (end === undefined) {
      mistakes.push({ line, says: 'these commands do not end' })
      continue
    }
    const info = text.slice(3).trim()
    // Output that the reader compares with is `text`; everything else is run.
    if (info === 'text') continue
    const command = lines
      .slice(start + 1, end)
      .map((each) => each.text)
      .join('\n')
    const read = readFence({ info, line }, command, section)
    mistakes.push(...read.mistakes)
    if (read.fence !== undefined) fences.push(read.fence)
  }
  return { fences, mistakes }
}

function sectionMistakes(found: Parsed['sections'], body: readonly Line[]): readonly Mistake[] {
  const names = found.map(({ heading }) => heading)
  const empty = found
    .filter(({ text }) => text === '')
    .map(({ line, heading }) => ({ line, says: `"${heading}" is empty` }))
  if (names.join('\n') === sections.join('\n')) return empty
  const known: readonly string[] = sections
  const unknown = found
    .filter(({ heading }) => !known.includes(heading))
    .map(({ line, heading }) => ({ line, says: `there is no section "${heading}"` }))
  const missing = sections
    .filter((name) => !names.includes(name))
    .map((name) => ({ line: body.at(-1)?.line ?? 1, says: `the section "${name}" is missing` }))
  const wrong = [...unknown, ...missing]
  const first = found.findIndex(({ heading }, index) => heading !== sections[index])
  const disorder = {
    line: found[first]?.line ?? 1,
    says: `the sections are ${sections.join(', ')}, in this order and once each`,
  }
  return [...empty, ...(wrong.length > 0 ? wrong : [disorder])]
}

/** Each page has at least one command of each kind, where somebody looks for it, and no two of one name. */
function fenceMistakes({ fences, sections: found }: Parsed, lastLine: number): readonly Mistake[] {
  const twice = fences
    .filter(({ name }, index) => fences.findIndex((other) => other.name === name) < index)
    .map(({ line, name }) => ({ line, says: `there are two commands called "${name}"` }))
  const needed = [
    ['check', 'Is it real'],
    ['act', 'Mitigate'],
    ['verify', 'Verify'],
  ] as const
  const missing = needed
    .filter(
      ([kind, section]) => !fences.some((each) => each.kind === kind && each.section === section),
    )
    .map(([kind, section]) => ({
      line: found.find(({ heading }) => heading === section)?.line ?? lastLine,
      says: `"${section}" has no commands of the kind ${kind}`,
    }))
  return [...twice, ...missing]
}

/** A label that no command uses would be asked for in vain. */
function labelMistakes(labels: Page['labels'], fences: readonly Fence[]): readonly Mistake[] {
  return Object.keys(labels)
    .filter((label) => !fences.some(({ command }) => usesVariable(command, variableOf(label))))
    .map((label) => ({
      line: 2,
      says: `no command uses $${variableOf(label)}, the label ${label}`,
    }))
}

/** Whether commands read a variable of the shell. */
export function usesVariable(command: string, variable: string): boolean {
  return new RegExp(`\\$(?:${variable}\\b|\\{${variable}\\b)`).test(command)
}
