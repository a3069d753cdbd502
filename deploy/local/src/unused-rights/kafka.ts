import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { aclsOf } from '@tenseams/contracts/rights/acls'
import { readUsers } from '@tenseams/contracts/rights/users'
import { parseUses, unusedAcls } from '@tenseams/contracts/rights/uses'
import { readTopics } from '@tenseams/contracts/topics'
import { kafkaUsesFolder } from '../launcher/host/paths.ts'
import { type Asked, filesIn, type Unused } from './asked.ts'

const server = 'Kafka'

/** From what the brokers note: each use once a day, so the days that `since` is in and after it count as a whole. */
export function unusedInKafka({ paths, since }: Asked): Unused {
  const folder = kafkaUsesFolder(paths)
  const days = filesIn(folder, /^\d{4}-\d\d-\d\d\.uses$/)
  const [oldest] = days
  if (oldest === undefined) {
    const next = `npm run stack -- restart kafka --instance ${paths.instance}`
    const known = `the brokers have noted nothing; if an earlier version started them: ${next}`
    return { server, rights: undefined, known }
  }
  const first = [since?.toISOString().slice(0, 10) ?? '', oldest.slice(0, 10)].toSorted().at(-1)
  const read = days
    .filter((name) => name >= `${first}`)
    .map((name) => ({ name, ...parseUses(readFileSync(join(folder, name), 'utf8')) }))
  const full = read.filter(({ isFull }) => isFull).map(({ name }) => name)
  return {
    server,
    rights: unusedAcls(
      aclsOf(readTopics(), readUsers()),
      read.flatMap(({ uses }) => uses),
    ),
    known: [
      `since the day ${first} (UTC)`,
      ...full.map((name) => `${name} was full, so a right below may have been used on that day`),
    ].join('; '),
  }
}
