import { filesNamed, type Tree } from './tree.ts'

/** Absolute paths of somebody's machine, wherever text begins, a blank or a quote stands before them. */
const machinePath =
  /(?:^|[\s'"`(=:])((?:\/(?:root|work|workspace|mnt)|\/(?:home|Users)\/[\w.-]+)\/[\w./-]*)/gm

const privateHost =
  /https?:\/\/((?:10|192\.168|172\.(?:1[6-9]|2\d|3[01])|169\.254)\.[\d.]+|[\w.-]+\.(?:internal|corp|lan|intranet))\b/g

/** What is true on one machine or in one network only. */
export function machinePaths(tree: Tree): readonly string[] {
  return [...tree].flatMap(([path, text]) => [
    ...matches(text, machinePath).map((found) => `${path} names a machine's path: ${found}`),
    ...matches(text, privateHost).map((found) => `${path} names a private host: ${found}`),
  ])
}

/** Where artefacts come from is a matter of each user's own npm and Maven settings. */
export function boundRegistries(tree: Tree): readonly string[] {
  const lock = [...(tree.get('package-lock.json') ?? '').matchAll(/"resolved": "(https?:[^"]*)"/g)]
    .flatMap(([, url]) => url ?? [])
    .filter((url) => !url.startsWith('https://registry.npmjs.org/'))
    .map((url) => `package-lock.json is bound to another registry: ${url}`)
  const poms = filesNamed(tree, /(?:^|\/)pom\.xml$/)
    .filter(([, text]) => /<(?:repositories|pluginRepositories|repository)>/.test(text))
    .map(([path]) => `${path} names repositories: they belong into the user's Maven settings`)
  const settings = [...tree.keys()]
    .filter((path) => /(?:^|\/)(?:\.npmrc|\.yarnrc|settings\.xml)$/.test(path))
    .map((path) => `${path} is a user's own settings file`)
  return [...lock, ...poms, ...settings]
}

function matches(text: string, pattern: RegExp): readonly string[] {
  return [...text.matchAll(pattern)].flatMap(([, found]) => found ?? [])
}
