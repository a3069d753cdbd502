/**
 * The picture of a run of `npm start -- --once`, made from the text of a real one. It is dark on a light and on a dark
 * page, as a terminal is.
 */

const LINE_PX = 18
const CHARACTER_PX = 7.83
const PADDING_PX = 20
const BAR_PX = 34
const COLUMNS = 100

/** What is shown of a run, in its order; whatever lies between two of them is one line with three dots. */
const shown: readonly RegExp[] = [
  /^starting \d+ parts$/,
  /^\d+ orders of \d+ customers/,
  /^ {2}\d+ orders are placed$/,
  /^ {2}(?:equal|DIFFERS) {2}.* in (?:bronze|silver\.\w+|gold): /,
  /^ {2}(?:equal|DIFFERS) {2}rows of [a-z-]+(?: |:)/,
  /^(?:all counts agree|the counts DO NOT agree)$/,
  /^everything is stopped$/,
]

const style = `
  text { font-family: ui-monospace, SFMono-Regular, Menlo, 'DejaVu Sans Mono', monospace; font-size: 13px; fill: #d1d7e0; white-space: pre; }
  .screen { fill: #0d1117; stroke: #3d444d; }
  .prompt { fill: #f0f6fc; font-weight: 700; }
  .good { fill: #3fb950; font-weight: 700; }
  .bad { fill: #f85149; font-weight: 700; }
  .dim { fill: #768390; }
  .head { fill: #79c0ff; }`

/** The whole picture, as the text of its file. */
export function drawRun(output: string): string {
  const lines = ['$ npm start -- --once', ...excerpt(output.split('\n'))]
  const width = Math.round(COLUMNS * CHARACTER_PX + 2 * PADDING_PX)
  const height = BAR_PX + lines.length * LINE_PX + PADDING_PX
  const rows = lines.map((line, at) => row(line, BAR_PX + (at + 1) * LINE_PX))
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title">
<title id="title">npm start -- --once: orders are placed, and the counts of Postgres, Kafka and the lake agree</title>
<style>${style}
</style>
<rect class="screen" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>
<circle cx="20" cy="17" r="5.5" fill="#f85149"/><circle cx="38" cy="17" r="5.5" fill="#d29922"/><circle cx="56" cy="17" r="5.5" fill="#3fb950"/>
${rows.join('\n')}
</svg>
`
}

function excerpt(lines: readonly string[]): readonly string[] {
  const kept: string[] = []
  for (const line of lines) {
    if (shown.some((pattern) => pattern.test(line))) kept.push(short(line))
    else if (kept.length > 0 && kept.at(-1) !== dots) kept.push(dots)
  }
  return kept.at(-1) === dots ? kept.slice(0, -1) : kept
}

const dots = '  …'

function short(line: string): string {
  return line.length > COLUMNS ? `${line.slice(0, COLUMNS - 1)}…` : line
}

function row(line: string, y: number): string {
  const [, blanks = '', word = '', rest = ''] = line.match(/^( *)(\S+)(.*)$/) ?? []
  const kind = classOf(line, word)
  return kind.all
    ? `<text class="${kind.name}" x="${PADDING_PX}" y="${y}">${escaped(line)}</text>`
    : `<text x="${PADDING_PX}" y="${y}">${blanks}<tspan class="${kind.name}">${escaped(word)}</tspan>${escaped(rest)}</text>`
}

function classOf(line: string, word: string): { readonly name: string; readonly all: boolean } {
  if (line.startsWith('$')) return { name: 'prompt', all: true }
  if (line === 'all counts agree') return { name: 'good', all: true }
  if (line.includes('DO NOT')) return { name: 'bad', all: true }
  if (line === dots || line === 'everything is stopped') return { name: 'dim', all: true }
  if (word === 'equal') return { name: 'good', all: false }
  if (word === 'DIFFERS') return { name: 'bad', all: false }
  if (!line.startsWith(' ')) return { name: 'head', all: true }
  return { name: 'dim', all: false }
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
