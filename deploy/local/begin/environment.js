import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The environment that a verb, and everything that it starts, gets. The user's own does not change what runs: of its
 * variables only those below are passed on, which say who the user is, where programs are, and how the registries of
 * packages are reached. So NODE_OPTIONS, NODE_ENV, JAVA_TOOL_OPTIONS, CLASSPATH, PGHOST, KAFKA_OPTS and the like have
 * no effect here.
 */

const names = new Set([
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'JAVA_HOME'],
  ...['TERM', 'COLORTERM', 'COLUMNS', 'LINES', 'NO_COLOR', 'FORCE_COLOR', 'CI', 'GITHUB_ACTIONS'],
  ...['XDG_CACHE_HOME', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME'],
  // Maven's options often hold the proxy or the trust store of a company.
  ...['MAVEN_OPTS', 'MAVEN_ARGS'],
  ...['SSL_CERT_FILE', 'SSL_CERT_DIR', 'NODE_EXTRA_CA_CERTS', 'REQUESTS_CA_BUNDLE'],
])

/** Never, whoever refers to them. */
const changesPrograms = /^(?:NODE_OPTIONS|NODE_ENV|LD_\w+|_?JAVA_\w*OPTIONS|CLASSPATH|PG\w+)$/

const proxies = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY']

/** How git and pip reach their servers, and the variables of this project's own tests. */
const patterns = [
  /^TEN_SEAMS_\w+$/,
  // Where traces go besides the instance's own store.
  /^OTEL_EXPORTER_OTLP_\w+$/,
  /^GIT_(?:CONFIG_\w+|SSL_CAINFO|SSL_CAPATH)$/,
  /^PIP_(?:INDEX_URL|EXTRA_INDEX_URL|FIND_LINKS|NO_INDEX|CERT|PROXY|TRUSTED_HOST|CONFIG_FILE)$/,
]

/** Those settings of npm that say how the registry is reached; none that says what is installed. */
const npmSettings =
  /^npm_config_(?:@.+|\/\/.+|_.+|registry|userconfig|globalconfig|cache|(?:https?[-_])?proxy|no[-_]?proxy|ca|cafile|cert|key|strict[-_]ssl|fetch[-_].+|maxsockets|(?:prefer[-_])?offline|prefer[-_]online|local[-_]address)$/i

/** Variables to which the user's own settings of npm and Maven refer, such as a token: `${NPM_TOKEN}`, `${env.TOKEN}`. */
function namesInSettings({ HOME = '/', npm_config_userconfig, NPM_CONFIG_USERCONFIG }) {
  const npmrc = npm_config_userconfig ?? NPM_CONFIG_USERCONFIG ?? join(HOME, '.npmrc')
  const texts = [npmrc, join(HOME, '.m2', 'settings.xml')].map(readOrNothing)
  return texts.flatMap((text) =>
    [...text.matchAll(/\$\{(?:env\.)?(\w+)\??\}/g)].map(([, name]) => name),
  )
}

function readOrNothing(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

/** No request to this machine may go through a proxy. */
const loopback = ['127.0.0.1', 'localhost', '::1']

function isPassedOn(name) {
  return (
    names.has(name) ||
    proxies.includes(name.toUpperCase()) ||
    npmSettings.test(name) ||
    patterns.some((pattern) => pattern.test(name))
  )
}

/**
 * @param {Readonly<Record<string, string | undefined>>} given the user's
 * @param {string} compileCache where Node keeps what it has compiled: a verb starts in half the time
 * @returns {Record<string, string>}
 */
export function madeEnvironment(given, compileCache) {
  const referred = new Set(namesInSettings(given))
  const passedOn = Object.entries(given).filter(
    ([name]) => isPassedOn(name) || (referred.has(name) && !changesPrograms.test(name)),
  )
  const hosts = (given.NO_PROXY ?? given.no_proxy ?? '').split(',').filter(Boolean)
  const direct = [...new Set([...hosts, ...loopback])].join(',')
  return {
    ...Object.fromEntries(passedOn),
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    NO_PROXY: direct,
    no_proxy: direct,
    NODE_COMPILE_CACHE: compileCache,
  }
}
