import { parseSync } from 'oxc-parser'

/** What a module names as its sources: imports, re-exports, dynamic and type imports, each once. */
export function importedFrom(path: string, text: string): readonly string[] {
  const { module, errors } = parseSync(path, text)
  if (errors.length > 0) throw new Error(`${path} cannot be parsed: ${errors[0]?.message ?? ''}`)
  const imported = module.staticImports.map((entry) => entry.moduleRequest.value)
  const exported = module.staticExports
    .flatMap((statement) => statement.entries)
    .flatMap((entry) => (entry.moduleRequest === null ? [] : [entry.moduleRequest.value]))
  return [...new Set([...imported, ...exported, ...calledImports(text)])]
}

/** `await import('x')`, the type `import('x').Y`, and `import.meta.resolve('x')`, which all name a module by a literal. */
function calledImports(text: string): readonly string[] {
  const calls = text.matchAll(/\b(?:import|import\.meta\.resolve)\s*\(\s*['"]([^'"]+)['"]/g)
  return [...calls].flatMap(([, source]) => (source === undefined ? [] : [source]))
}
