import { posix } from 'node:path'
import { importedFrom } from './imports.ts'
import { packageRooms } from './rooms.ts'
import { filesNamed, type Tree } from './tree.ts'

type Graph = ReadonlyMap<string, readonly string[]>

/**
 * Circles of imports, type imports included: files of a circle cannot be read, tested or moved one without the others.
 * Each circle is named once, by all of its files.
 */
export function importCircles(tree: Tree): readonly string[] {
  const circles = circlesOf(importGraph(tree)).map((files) => files.toSorted())
  return circles.map((files) => `${files.join(', ')} import each other in a circle`).sort()
}

function importGraph(tree: Tree): Graph {
  const packages = packageRooms(tree)
  return new Map(
    filesNamed(tree, /\.(?:ts|js|mjs)$/).map(([file, text]) => [
      file,
      importedFrom(file, text).flatMap((source) => fileOf(file, source, packages, tree) ?? []),
    ]),
  )
}

/** The file that a module names, when it is one of ours. */
function fileOf(
  from: string,
  source: string,
  packages: ReadonlyMap<string, string>,
  tree: Tree,
): string | undefined {
  if (source.startsWith('.')) return posix.join(posix.dirname(from), source)
  const [scope, name, ...rest] = source.split('/')
  const room = packages.get(`${scope}/${name}`)
  if (room === undefined) return undefined
  const path = rest.join('/')
  return [`${room}/src/${path}.ts`, `${room}/${path}.ts`].find((file) => tree.has(file))
}

/** Tarjan's strongly connected components of more than one file, or of a file that imports itself. */
function circlesOf(graph: Graph): readonly (readonly string[])[] {
  const order = new Map<string, number>()
  const lowest = new Map<string, number>()
  const open: string[] = []
  const circles: string[][] = []
  const visit = (file: string): void => {
    order.set(file, order.size)
    lowest.set(file, order.get(file) ?? 0)
    open.push(file)
    for (const next of graph.get(file) ?? []) {
      if (!graph.has(next)) continue
      if (!order.has(next)) visit(next)
      else if (!open.includes(next)) continue
      lowest.set(file, Math.min(lowest.get(file) ?? 0, lowest.get(next) ?? 0))
    }
    if (lowest.get(file) !== order.get(file)) return
    const circle = open.splice(open.indexOf(file))
    if (circle.length > 1 || graph.get(file)?.includes(file)) circles.push(circle)
  }
  for (const file of graph.keys()) if (!order.has(file)) visit(file)
  return circles
}
