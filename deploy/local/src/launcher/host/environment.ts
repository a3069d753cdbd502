/**
 * The environment of every process that the launcher starts, besides what its part adds. Nothing else of the user's is
 * passed on: a variable such as JAVA_TOOL_OPTIONS or PGHOST would change what runs.
 */
export function madeEnvironment(): Readonly<Record<string, string>> {
  const { PATH = '', HOME = '/' } = process.env
  return { PATH, HOME, LANG: 'C.UTF-8', TZ: 'UTC' }
}

/** In addition for Maven: with these a user reaches the repositories through a proxy, or with certificates of a company. */
export function mavenEnvironment(): Readonly<Record<string, string>> {
  const { MAVEN_OPTS, MAVEN_ARGS } = process.env
  return { ...(MAVEN_OPTS && { MAVEN_OPTS }), ...(MAVEN_ARGS && { MAVEN_ARGS }) }
}
