import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { ContractError } from '../errors.ts'

/** A prefix of topics and subjects that tools create for themselves. They have no contract and are no drift. */
export type Ungoverned = {
  readonly prefix: string
  readonly owner: string
  readonly reason: string
}

const topicsFile = fileURLToPath(new URL('../../topics.yaml', import.meta.url))

/** @throws ContractError when an entry lacks its prefix, owner or reason. */
export function readUngoverned(): readonly Ungoverned[] {
  return parseUngoverned(readFileSync(topicsFile, 'utf8'))
}

export function parseUngoverned(yaml: string): readonly Ungoverned[] {
  const entries: unknown = parse(yaml)?.ungoverned ?? []
  if (Array.isArray(entries) && entries.every(isUngoverned)) return entries
  throw new ContractError(
    'contracts/topics.yaml: each of `ungoverned` has a prefix, an owner and a reason',
  )
}

function isUngoverned(entry: unknown): entry is Ungoverned {
  if (typeof entry !== 'object' || entry === null) return false
  const given = entry as Readonly<Record<string, unknown>>
  return [given.prefix, given.owner, given.reason].every(
    (value) => typeof value === 'string' && value.trim() !== '',
  )
}
