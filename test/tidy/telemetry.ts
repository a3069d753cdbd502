import { parseSync } from 'oxc-parser'
import { filesNamed, type Tree } from './tree.ts'

const CLIENT = 'prom-client'

/**
 * Imports of prom-client that could make a metric. Only packages/telemetry makes them, from contracts/telemetry.yaml, so that
 * nothing undeclared is shown; everybody else needs the registry only.
 */
export function undeclaredMetrics(tree: Tree): readonly string[] {
  return filesNamed(tree, /\.(?:ts|js|mjs)$/)
    .filter(([path, text]) => text.includes(CLIENT) && !makesMetrics(path))
    .flatMap(([path, text]) =>
      namesFrom(path, text)
        .filter((name) => name !== 'Registry')
        .map((name) => `${path} takes ${name} of prom-client: use @tenseams/telemetry/instruments`),
    )
}

/** Lines that a server's or a request's own log writes: it takes any field, also one that nobody declares. */
export function undeclaredLogLines(tree: Tree): readonly string[] {
  return filesNamed(tree, /^(?:packages|services)\/.*(?<!\.test)\.ts$/).flatMap(([path, text]) =>
    [...text.matchAll(OWN_LOG)].map(
      ([call]) => `${path} calls ${call}…): use logOf of @tenseams/telemetry/log`,
    ),
  )
}

const OWN_LOG = /\b(?:server|request|reply|instance)\.log\.(?:trace|debug|info|warn|error|fatal)\(/g

/** The test of this rule quotes what the rule refuses. */
function makesMetrics(path: string): boolean {
  return path.startsWith('packages/telemetry/') || path === 'test/tidy/telemetry.test.ts'
}

/** What a module takes of prom-client; `*` for all of it. */
function namesFrom(path: string, text: string): readonly string[] {
  const { module } = parseSync(path, text)
  const imported = module.staticImports
    .filter(({ moduleRequest }) => moduleRequest.value === CLIENT)
    .flatMap(({ entries }) => entries.map(({ importName }) => importName.name ?? '*'))
  const exported = module.staticExports
    .flatMap(({ entries }) => entries)
    .filter(({ moduleRequest }) => moduleRequest?.value === CLIENT)
    .map(({ importName }) => importName.name ?? '*')
  const called = /\b(?:import|require)\s*\(\s*['"]prom-client['"]\s*\)(?!\.Registry\b)/.test(text)
  return [...imported, ...exported, ...(called ? ['*'] : [])]
}
