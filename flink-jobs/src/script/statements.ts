/** One statement of a SQL text, and the line on which it begins. */
export type Statement = { readonly sql: string; readonly line: number }

/** Comments, quoted text and quoted names are one token each, so that their content is never read as SQL. */
const token = /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|`(?:[^`]|``)*`|[A-Za-z_]\w*|\s+|[\s\S]/g

/**
 * Splits a SQL text at its semicolons. `EXECUTE STATEMENT SET BEGIN … END;` stays one statement, with its semicolons.
 * Comments before a statement are dropped, comments inside it are kept.
 */
export function splitStatements(text: string): readonly Statement[] {
  const statements: Statement[] = []
  let tokens: string[] = []
  let line = 1
  let beginsAt = 1
  for (const [part] of text.matchAll(token)) {
    if (tokens.length > 0 || isMeaningful(part)) {
      if (tokens.length === 0) beginsAt = line
      tokens.push(part)
    }
    line += newLines(part)
    if (part === ';' && !isInsideSet(tokens)) {
      statements.push({ sql: sqlOf(tokens), line: beginsAt })
      tokens = []
    }
  }
  if (tokens.some(isMeaningful)) statements.push({ sql: sqlOf(tokens), line: beginsAt })
  return statements.filter((statement) => statement.sql !== '')
}

function isInsideSet(tokens: readonly string[]): boolean {
  const words = tokens.filter(isMeaningful).map((part) => part.toUpperCase())
  if (words.slice(0, 4).join(' ') !== 'EXECUTE STATEMENT SET BEGIN') return false
  return words.at(-2) !== 'END' || openCases(words.slice(0, -2)) > 0
}

function openCases(words: readonly string[]): number {
  return (
    words.filter((word) => word === 'CASE').length - words.filter((word) => word === 'END').length
  )
}

/** Flink requires the last semicolon of a statement set and refuses that of any other statement. */
function sqlOf(tokens: readonly string[]): string {
  const sql = tokens.join('').trim()
  return /\bEND\s*;$/i.test(sql) && /^EXECUTE\s/i.test(sql) ? sql : sql.replace(/\s*;$/, '')
}

function isMeaningful(part: string): boolean {
  return !/^(\s|--|\/\*)/.test(part)
}

function newLines(part: string): number {
  return part.split('\n').length - 1
}
