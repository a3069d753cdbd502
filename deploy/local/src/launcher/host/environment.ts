import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The environment of every process that the launcher starts, besides what its part adds. Nothing else of the user's is
 * passed on: a variable such as JAVA_TOOL_OPTIONS or PGHOST would change what runs.
 *
 * Where Node keeps what it has compiled is not the user's: the verb has made it. A killed process leaves nothing broken there.
 * Node writes at its exit, to another name first, and passes over a file whose checksum is wrong.
 */
export function madeEnvironment(): Readonly<Record<string, string>> {
  const { PATH = '', HOME = '/', NODE_COMPILE_CACHE } = process.env
  const cache = NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE }
  return { PATH, HOME, LANG: 'C.UTF-8', TZ: 'UTC', ...cache }
}

/**
 * In addition for Maven: with these a user reaches the repositories through a proxy, with certificates of a company, or with
 * a password that the settings take from the environment (`${env.NAME}`).
 */
export function mavenEnvironment(): Readonly<Record<string, string>> {
  const { HOME = '/' } = process.env
  const file = join(HOME, '.m2', 'settings.xml')
  const settings = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const referred = [...settings.matchAll(/\$\{env\.(\w+)\}/g)].flatMap(([, name]) => name ?? [])
  const known = ['MAVEN_OPTS', 'MAVEN_ARGS', ...referred].flatMap((name) => {
    const value = process.env[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return Object.fromEntries(known)
}
