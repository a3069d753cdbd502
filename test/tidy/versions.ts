import { filesNamed, type Tree } from './tree.ts'

/** Where a version may be repeated: the worlds of npm and Python have numbers of their own, and a decision speaks of its own day. */
const exempt =
  /(?:^|\/)package(?:-lock)?\.json$|^adr\/|\.test\.ts$|^biome\.json$|^\.github\/|\/requirements\.txt$/

/** JVM versions written anywhere but in the pom, where they would go their own way at the next update. */
export function repeatedVersions(tree: Tree): readonly string[] {
  const poms = filesNamed(tree, /(?:^|\/)pom\.xml$/)
  const versions = new Set(poms.flatMap(([, text]) => versionsOf(text)))
  const others = [...tree].filter(([path]) => !exempt.test(path) && !path.endsWith('pom.xml'))
  return others.flatMap(([path, text]) =>
    [...versions]
      .filter((version) => mentions(text, version))
      .map((version) => `${path} repeats version ${version}: the pom is its place`),
  )
}

function versionsOf(pom: string): readonly string[] {
  const plain = pom.replaceAll(/<!--[\s\S]*?-->/g, '')
  const tags = plain.matchAll(/<[\w.-]*version>\s*(\d+\.\d+\.\d[\w.-]*)\s*</g)
  return [...tags].flatMap(([, version]) => version ?? [])
}

function mentions(text: string, version: string): boolean {
  const literal = version.replaceAll('.', '\\.')
  return new RegExp(`(?<![\\w.])${literal}(?![\\w-]|\\.\\w)`).test(text)
}
