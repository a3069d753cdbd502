import { importedFrom } from './imports.ts'
import { filesNamed, type Tree } from './tree.ts'

/** The words by which a switched-off guard is recognised: settings, file names, and the comments that excuse one. */
const marks: readonly RegExp[] = [
  /BROKEN_GUARD\w*/,
  /DRILL_\w+/,
  /\b(?:without|missing|bare)[- ]?guards?\b/i,
  /forgetful/i,
  /(?:never|dont)[- ]?correct/i,
  /\b(?:broken|wrong|faulty) (?:mode|way|variant)s?\b/i,
  /\bonly (?:for|in) (?:a )?(?:proof|drill|test)s?\b/i,
  /\bfor (?:the|a|its) (?:proof|test)s? (?:that|which) shows?\b/i,
  /lost-?statements\b(?!\.)/i,
  /\bsabotage\b/i,
]

/**
 * Broken modes in services and packages. A setting or an option that switches a guard off is one typing error away from
 * doing so where money moves. A faulty variant is an entry file in `test/faults` that builds the same app with one part
 * replaced.
 */
export function brokenModes(tree: Tree): readonly string[] {
  return filesNamed(tree, /^(?:services|packages)\//).flatMap(([path, text]) => {
    const name = `${path}\n${withoutTests(path, text)}`
    const marked = marks.flatMap((mark) => mark.exec(name)?.[0] ?? [])
    const imported = /\.(?:ts|js|mjs)$/.test(path)
      ? importedFrom(path, text).filter((source) => /(?:^|\/)test\/|@tenseams\/test\b/.test(source))
      : []
    return [
      ...marked.map((found) => `${path} has a broken mode: "${found}"`),
      ...imported.map((source) => `${path} imports ${source}, which is for tests`),
    ]
  })
}

/** A unit test beside the code may say what would be wrong; it builds nothing that runs elsewhere. */
function withoutTests(path: string, text: string): string {
  return path.endsWith('.test.ts') ? '' : text
}
