const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text that is no markup, also within an attribute's quotes. */
export function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character)
}

/** A table whose first row is its head. Every cell is text. */
export function tableHtml(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows
  const row = (tag: 'th' | 'td') => (cells: readonly string[]) =>
    `<tr>${cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join('')}</tr>`
  return `<table><thead>${row('th')(head)}</thead><tbody>${body.map(row('td')).join('\n')}</tbody></table>`
}

const STYLE = `
  body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #1b1f24; }
  table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums; display: block; overflow-x: auto; }
  th, td { padding: .15rem .7rem; text-align: right; border-bottom: 1px solid #d8dee4; }
  th:first-child, td:first-child { text-align: left; white-space: pre; }
  svg { max-width: 100%; height: auto; display: block; margin: 1rem 0; }
  summary { cursor: pointer; font-weight: 600; margin: 1rem 0; }
  .void, .behind { color: #b42318; }`

/** A whole page: it loads nothing from anywhere, and no script runs in it. */
export function documentOf(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${STYLE}
</style>
</head>
<body>
<h1>${escaped(title)}</h1>
${body}
</body>
</html>
`
}
