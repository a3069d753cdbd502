import { type IdentityName, identities } from '@tenseams/identities/identities'
import { type ServerName, whoLogsIn } from '@tenseams/identities/server-rights'
import { type Asked, counts, filesIn, linesIn, sinceText, type Unused } from './asked.ts'

const server = 'Flink'

/** The logs of what has Flink's REST interfaces, and the right that each line of ours there is a use of. */
const logs = [
  ['flink', 'flink-jobmanager', 'change'],
  ['sql-gateway', 'sql-gateway', 'run'],
] as const satisfies readonly (readonly [ServerName, string, string])[]

/** As LoginHandler writes it: `<time> INFO  t.f.LoginHandler - flink: POST /jobs`. */
const LINE = /^(?<at>\S+) INFO +\S*LoginHandler - (?<name>[a-z-]+): [A-Z]+ \//

/** From Flink's logs, which have a line for each request that changes something. */
export function unusedInFlink(asked: Asked): Unused {
  const read = logs.map(([target, component, operation]) => {
    const names = filesIn(asked.paths.logs, new RegExp(`^${component}\\.log(?:\\.1)?$`))
    return { target, operation, lines: [...linesIn(asked.paths.logs, names)] }
  })
  const oldest = read
    .flatMap(({ lines }) => lines.flatMap((line) => LINE.exec(line)?.groups?.at ?? []))
    .toSorted()[0]
  if (oldest === undefined) {
    return { server, rights: undefined, known: 'its logs have no request that changes something' }
  }
  return {
    server,
    rights: read.flatMap(({ target, operation, lines }) => {
      const by = new Set(lines.flatMap((line) => whoIn(line, asked) ?? []))
      return whoLogsIn(target)
        .filter((name) => !by.has(name))
        .map((name) => `${name} may ${operation} at ${target}`)
    }),
    known: `${sinceText(asked, oldest)}, from its logs, of which the newest 50 MB are kept; who reads is not in them`,
  }
}

function whoIn(line: string, asked: Asked): IdentityName | undefined {
  const { at, name } = LINE.exec(line)?.groups ?? {}
  if (at === undefined || !counts(asked, new Date(at))) return undefined
  return identities.find((identity) => identity.name === name)?.name
}
