import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { instancesFolder, projectRoot } from '@tenseams/cli/instance'
import { openStack } from '@tenseams/local/launcher/supervise/stack'
import type { Period } from '@tenseams/local/unused-rights/asked'
import { linesOf, unusedRights } from '@tenseams/local/unused-rights/unused'
import { messageOf } from '@tenseams/service/causes'
import { reportFolderVariable } from './report-folder.ts'

/** What a run of the integration suite has not used, until the next one. */
const listFile = join(instancesFolder(), 'unused-rights.txt')

const triedFile = (folder: string) => join(folder, 'tried.jsonl')

/**
 * Tries what is allowed, as everybody. What logs have of it is no use of a right, so the list at the end leaves this time out. (Kafka's
 * brokers know such a client by its id.)
 */
export async function tryOut<Result>(work: () => Promise<Result>): Promise<Result> {
  const from = new Date()
  try {
    return await work()
  } finally {
    const folder = process.env[reportFolderVariable]
    const period = { from, to: new Date() } satisfies Period
    if (folder !== undefined) appendFileSync(triedFile(folder), `${JSON.stringify(period)}\n`)
  }
}

/** When that was, in this run. */
export function triedIn(folder: string | undefined): readonly Period[] {
  if (folder === undefined || !existsSync(triedFile(folder))) return []
  const lines = readFileSync(triedFile(folder), 'utf8').trimEnd().split('\n')
  return lines.map((line) => {
    const { from, to } = JSON.parse(line)
    return { from: new Date(from), to: new Date(to) }
  })
}

/** Lists the declared rights that a run did not use, and says where. It says so, too, when that fails: no test fails with it. */
export async function listUnusedRights(instance: string): Promise<void> {
  try {
    const { context } = await openStack({ root: projectRoot, instance })
    const leftOut = triedIn(process.env[reportFolderVariable])
    const found = await unusedRights({ ...context, leftOut })
    mkdirSync(dirname(listFile), { recursive: true })
    writeFileSync(listFile, `${linesOf(found).join('\n')}\n`)
    const sums = found.map(({ server, rights }) => `${server} ${rights?.length ?? 'not known'}`)
    console.log(`rights that this run did not use: ${sums.join(', ')}: ${listFile}`)
  } catch (error) {
    console.log(`the rights that this run did not use cannot be listed: ${messageOf(error)}`)
  }
}
