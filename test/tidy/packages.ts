import { posix } from 'node:path'
import { filesNamed, holds, type Tree } from './tree.ts'

type Manifest = {
  readonly version?: string
  readonly scripts?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const exact = /^\d+\.\d+\.\d+(?:-[\w.-]+)?$/

/** Dependencies whose version is a range: npm picks an older one in silence on an older Node. */
export function looseDependencies(tree: Tree): readonly string[] {
  return manifests(tree).flatMap(([path, manifest]) =>
    Object.entries({
      ...manifest.dependencies,
      ...manifest.devDependencies,
      ...manifest.optionalDependencies,
    })
      .filter(([, version]) => !exact.test(version))
      .map(([name, version]) => `${path}: ${name} is not pinned (${version})`),
  )
}

/** Manifests that the lock file doesn't agree with: `npm ci` would refuse them in a clean clone. */
export function staleLocks(tree: Tree): readonly string[] {
  const lock: Lock = JSON.parse(tree.get('package-lock.json') ?? '{}')
  return manifests(tree)
    .filter(([path, manifest]) => {
      const locked = lock.packages?.[path.replace(/\/?package\.json$/, '')]
      return locked === undefined || declared(locked) !== declared(manifest)
    })
    .map(([path]) => `${path} and package-lock.json differ: run npm install`)
}

type Lock = { readonly packages?: Readonly<Record<string, Manifest>> }

function declared(manifest: Manifest): string {
  const { dependencies = {}, devDependencies = {}, optionalDependencies = {} } = manifest
  return JSON.stringify(
    [dependencies, devDependencies, optionalDependencies].map((each) =>
      Object.entries(each).sort(),
    ),
  )
}

/** Scripts that run a file which isn't there. */
export function emptyScripts(tree: Tree): readonly string[] {
  return manifests(tree).flatMap(([path, manifest]) =>
    Object.entries(manifest.scripts ?? {}).flatMap(([name, command]) => {
      const files = command.match(/[\w./-]+\.(?:js|mjs|ts|sh)\b/g) ?? []
      if (files.length === 0) return [`${path}: script ${name} runs no file of ours`]
      return files
        .filter((file) => !holds(tree, posix.join(posix.dirname(path), file)))
        .map((file) => `${path}: script ${name} runs ${file}, which is not there`)
    }),
  )
}

/** Commands that a document tells its reader to run, and that package.json doesn't have. */
export function unknownCommands(tree: Tree): readonly string[] {
  const scripts = npmScripts(tree)
  return filesNamed(tree, /\.md$/).flatMap(([path, text]) =>
    [...text.matchAll(/\bnpm run ([a-z][\w:-]*)/g)]
      .flatMap(([, name]) => name ?? [])
      .filter((name) => !scripts.has(name))
      .map((name) => `${path} tells to run npm run ${name}, which is no script`),
  )
}

export function npmScripts(tree: Tree): ReadonlySet<string> {
  const root = manifests(tree).find(([path]) => path === 'package.json')
  return new Set(Object.keys(root?.[1].scripts ?? {}))
}

function manifests(tree: Tree): readonly (readonly [string, Manifest])[] {
  return filesNamed(tree, /(?:^|\/)package\.json$/).map(([path, text]) => [path, JSON.parse(text)])
}
